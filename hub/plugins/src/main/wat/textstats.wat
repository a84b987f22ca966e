;; Counts what language models count badly: an example of a plugin that needs no grant.
;;
;; Tool: count {"text": text} answers {"characters": n, "words": n, "lines": n}
;;       Characters are Unicode code points; words are what white space separates.
(module
  (memory (export "memory") 2 32)
  (data (i32.const 0) "{\22characters\22:")
  (data (i32.const 16) ",\22words\22:")
  (data (i32.const 32) ",\22lines\22:")
  (global $free (mut i32) (i32.const 4096))

  ;; The hub asks once, for the arguments; grows the memory when they are long.
  (func (export "alloc") (param $size i32) (result i32)
    (local $at i32) (local $end i32) (local $missing i32)
    (local.set $at (global.get $free))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (local.set $missing
      (i32.sub
        (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.lt_s (memory.grow (local.get $missing)) (i32.const 0)) (then (unreachable)))))
    (global.set $free (local.get $end))
    (local.get $at))

  ;; Writes a number forwards; answers the place after it.
  (func $write (param $to i32) (param $value i32) (result i32)
    (if (i32.ge_u (local.get $value) (i32.const 10))
      (then
        (local.set $to
          (call $write (local.get $to) (i32.div_u (local.get $value) (i32.const 10))))))
    (i32.store8
      (local.get $to)
      (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
    (i32.add (local.get $to) (i32.const 1)))

  (func $append (param $to i32) (param $from i32) (param $length i32) (result i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $length))
    (i32.add (local.get $to) (local.get $length)))

  (func (export "count") (param $args i32) (param $length i32) (result i64)
    (local $at i32) (local $end i32) (local $c i32) (local $space i32) (local $inside i32)
    (local $characters i32) (local $words i32) (local $lines i32) (local $to i32)
    ;; between {"text":" and "}
    (local.set $at (i32.add (local.get $args) (i32.const 9)))
    (local.set $end (i32.sub (i32.add (local.get $args) (local.get $length)) (i32.const 2)))
    (if (i32.lt_u (local.get $at) (local.get $end)) (then (local.set $lines (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        ;; the second and later bytes of a character in UTF-8
        (br_if $next (i32.eq (i32.and (local.get $c) (i32.const 192)) (i32.const 128)))
        (local.set $space (i32.eq (local.get $c) (i32.const 32)))
        (if (i32.eq (local.get $c) (i32.const 92))
          (then
            (local.set $c (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (if (i32.eq (local.get $c) (i32.const 117)) ;; \uXXXX
              (then (local.set $at (i32.add (local.get $at) (i32.const 4)))))
            (if (i32.eq (local.get $c) (i32.const 110)) ;; \n
              (then
                (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
                (local.set $space (i32.const 1))))
            (if
              (i32.or
                (i32.eq (local.get $c) (i32.const 116)) ;; \t
                (i32.eq (local.get $c) (i32.const 114))) ;; \r
              (then (local.set $space (i32.const 1))))))
        (local.set $characters (i32.add (local.get $characters) (i32.const 1)))
        (if (i32.and (i32.eqz (local.get $space)) (i32.eqz (local.get $inside)))
          (then (local.set $words (i32.add (local.get $words) (i32.const 1)))))
        (local.set $inside (i32.eqz (local.get $space)))
        (br $next)))
    (local.set $to (call $append (i32.const 1024) (i32.const 0) (i32.const 14)))
    (local.set $to (call $write (local.get $to) (local.get $characters)))
    (local.set $to (call $append (local.get $to) (i32.const 16) (i32.const 9)))
    (local.set $to (call $write (local.get $to) (local.get $words)))
    (local.set $to (call $append (local.get $to) (i32.const 32) (i32.const 9)))
    (local.set $to (call $write (local.get $to) (local.get $lines)))
    (i32.store8 (local.get $to) (i32.const 125))
    (i64.or
      (i64.shl (i64.const 1024) (i64.const 32))
      (i64.extend_i32_u (i32.sub (i32.add (local.get $to) (i32.const 1)) (i32.const 1024))))))
