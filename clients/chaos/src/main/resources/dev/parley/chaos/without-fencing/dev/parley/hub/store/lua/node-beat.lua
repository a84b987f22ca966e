-- Stands before the hub's own script in a run of chaos without fencing: each node hears of none but
-- itself, and so takes itself for the majority. Keys, arguments and results are the same.

if ARGV[2] == 'leave' then
  return {}
end
return {ARGV[1], '1'}
