(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 1024)) (data $d "x") (func (export "run") (param i32 i32) (result i64) (data.drop $d) (i64.const 0)))
