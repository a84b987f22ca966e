;; Named counters that are kept: an example of a plugin with state.
;;
;; Tools: add {"name": text, "by": whole number?} and read {"name": text}
;;        both answer {"name": text, "count": number}
;;
;; The hub hands arguments over as compact JSON that conforms to the manifest, so that a short
;; scanner is enough here. A name is taken as it is written in JSON, with its escapes.
(module
  (import "parley" "state_get" (func $state_get (param i32 i32) (result i64)))
  (import "parley" "state_put" (func $state_put (param i32 i32 i32 i32)))
  (import "parley" "fail" (func $fail (param i32 i32)))
  (memory (export "memory") 1 4)

  ;; 0..1023 texts, 1024..2047 a number being written, 2048..8191 the answer, from 8192 on: alloc
  (data (i32.const 0) "{\22name\22:\22")
  (data (i32.const 16) "\22,\22count\22:")
  (data (i32.const 32) "\22name\22:\22")
  (data (i32.const 48) "\22by\22:")
  (data (i32.const 64) "the arguments name no counter")
  (global $free (mut i32) (i32.const 8192))

  ;; What the hub and the plugin ask for is small and lives for one call: nothing is ever freed.
  (func $alloc (export "alloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $size)))
    (local.get $at))

  ;; Where the text at $needle first ends in the text at $from, or -1.
  (func $find (param $from i32) (param $end i32) (param $needle i32) (param $length i32) (result i32)
    (local $i i32)
    (block $none
      (loop $next
        (br_if $none
          (i32.gt_u (i32.add (local.get $from) (local.get $length)) (local.get $end)))
        (local.set $i (i32.const 0))
        (block $differs
          (loop $same
            (br_if $differs
              (i32.ne
                (i32.load8_u (i32.add (local.get $from) (local.get $i)))
                (i32.load8_u (i32.add (local.get $needle) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $same (i32.lt_u (local.get $i) (local.get $length))))
          (return (i32.add (local.get $from) (local.get $length))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (i32.const -1))

  ;; The closing quote of the JSON text that begins at $from.
  (func $quote (param $from i32) (param $end i32) (result i32)
    (local $c i32)
    (loop $next
      (local.set $c (i32.load8_u (local.get $from)))
      (if (i32.eq (local.get $c) (i32.const 34)) (then (return (local.get $from))))
      (local.set $from
        (i32.add
          (local.get $from)
          (select (i32.const 2) (i32.const 1) (i32.eq (local.get $c) (i32.const 92)))))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end))))
    (local.get $end))

  ;; Reads a whole number, which may be negative.
  (func $number (param $at i32) (param $end i32) (result i64)
    (local $sign i64) (local $value i64) (local $c i32)
    (local.set $sign (i64.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $c) (i32.const 45))
          (then (local.set $sign (i64.const -1)))
          (else
            (br_if $done
              (i32.gt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 9)))
            (local.set $value
              (i64.add
                (i64.mul (local.get $value) (i64.const 10))
                (i64.extend_i32_u (i32.sub (local.get $c) (i32.const 48)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i64.mul (local.get $sign) (local.get $value)))

  ;; Writes a number backwards up to 2048; answers where it begins.
  (func $write (param $value i64) (result i32)
    (local $at i32) (local $left i64)
    (local.set $at (i32.const 2048))
    (local.set $left
      (select
        (i64.sub (i64.const 0) (local.get $value))
        (local.get $value)
        (i64.lt_s (local.get $value) (i64.const 0))))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8
        (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 10)))))
      (local.set $left (i64.div_u (local.get $left) (i64.const 10)))
      (br_if $next (i64.ne (local.get $left) (i64.const 0))))
    (if (i64.lt_s (local.get $value) (i64.const 0))
      (then
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at) (i32.const 45))))
    (local.get $at))

  ;; Copies to $to; answers the place after it.
  (func $append (param $to i32) (param $from i32) (param $length i32) (result i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $length))
    (i32.add (local.get $to) (local.get $length)))

  ;; Adds to the counter that the arguments name and keeps it, unless $by is to be 0.
  (func $count (param $args i32) (param $length i32) (param $keep i32) (result i64)
    (local $end i32) (local $name i32) (local $size i32) (local $at i32) (local $to i32)
    (local $value i64) (local $by i64) (local $kept i64)
    (local.set $end (i32.add (local.get $args) (local.get $length)))
    (local.set $name (call $find (local.get $args) (local.get $end) (i32.const 32) (i32.const 8)))
    (if (i32.lt_s (local.get $name) (i32.const 0))
      (then (call $fail (i32.const 64) (i32.const 29))))
    (local.set $size
      (i32.sub (call $quote (local.get $name) (local.get $end)) (local.get $name)))
    (local.set $kept (call $state_get (local.get $name) (local.get $size)))
    (if (i64.ge_s (local.get $kept) (i64.const 0))
      (then
        (local.set $at (i32.wrap_i64 (i64.shr_u (local.get $kept) (i64.const 32))))
        (local.set $value
          (call $number
            (local.get $at)
            (i32.add (local.get $at) (i32.wrap_i64 (local.get $kept)))))))
    (if (local.get $keep)
      (then
        (local.set $by (i64.const 1))
        ;; "by" stands before or after the name; a name cannot hold a quote that is not escaped
        (local.set $at
          (call $find (local.get $args) (local.get $end) (i32.const 48) (i32.const 5)))
        (if (i32.ge_s (local.get $at) (i32.const 0))
          (then (local.set $by (call $number (local.get $at) (local.get $end)))))
        (local.set $value (i64.add (local.get $value) (local.get $by)))))
    (local.set $at (call $write (local.get $value)))
    (if (local.get $keep)
      (then
        (call $state_put
          (local.get $name) (local.get $size)
          (local.get $at) (i32.sub (i32.const 2048) (local.get $at)))))
    (local.set $to (call $append (i32.const 2048) (i32.const 0) (i32.const 9)))
    (local.set $to (call $append (local.get $to) (local.get $name) (local.get $size)))
    (local.set $to (call $append (local.get $to) (i32.const 16) (i32.const 10)))
    (local.set $to
      (call $append
        (local.get $to) (local.get $at) (i32.sub (i32.const 2048) (local.get $at))))
    (i32.store8 (local.get $to) (i32.const 125))
    ;; the answer: its place in the upper half, its length in the lower
    (i64.or
      (i64.shl (i64.const 2048) (i64.const 32))
      (i64.extend_i32_u (i32.sub (i32.add (local.get $to) (i32.const 1)) (i32.const 2048)))))

  (func (export "add") (param $args i32) (param $length i32) (result i64)
    (call $count (local.get $args) (local.get $length) (i32.const 1)))

  (func (export "read") (param $args i32) (param $length i32) (result i64)
    (call $count (local.get $args) (local.get $length) (i32.const 0))))
