;; Linked as Rust's tools do it: what needs memory goes through a table.
(component
  (import "host" (instance $host
    (export "say" (func (param "text" string)))
    (export "read" (func (result string)))
    (export "count" (func (result u32)))))
  (core module $main
    (import "host" "say" (func $say (param i32 i32)))
    (import "host" "read" (func $read (param i32)))
    (import "host" "count" (func $count (result i32)))
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (data (i32.const 16) "hello")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      global.get $free
      (global.set $free (i32.add (global.get $free) (local.get 3))))
    ;; Says what is in its data, then so many times what it reads.
    (func (export "run") (local $left i32)
      (call $say (i32.const 16) (i32.const 5))
      (local.set $left (call $count))
      (loop $again
        (if (local.get $left) (then
          (call $read (i32.const 64))
          (call $say (i32.load (i32.const 64)) (i32.load (i32.const 68)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $again))))))
  (core module $table
    (type $say (func (param i32 i32)))
    (type $read (func (param i32)))
    (table (export "$imports") 2 2 funcref)
    (func (export "0") (type $say)
      (call_indirect (type $say) (local.get 0) (local.get 1) (i32.const 0)))
    (func (export "1") (type $read)
      (call_indirect (type $read) (local.get 0) (i32.const 1))))
  (core module $fill
    (import "" "$imports" (table 2 2 funcref))
    (import "" "0" (func $say (param i32 i32)))
    (import "" "1" (func $read (param i32)))
    (elem (i32.const 0) func $say $read))
  (core instance $table (instantiate $table))
  (core func $count (canon lower (func $host "count")))
  (core instance $imports
    (export "say" (func $table "0"))
    (export "read" (func $table "1"))
    (export "count" (func $count)))
  (core instance $main (instantiate $main (with "host" (instance $imports))))
  (alias core export $main "memory" (core memory $memory))
  (core func $realloc (alias core export $main "cabi_realloc"))
  (core func $say (canon lower (func $host "say") (memory $memory)))
  (core func $read (canon lower (func $host "read") (memory $memory) (realloc $realloc)))
  (core instance $entries
    (export "$imports" (table $table "$imports"))
    (export "0" (func $say))
    (export "1" (func $read)))
  (core instance (instantiate $fill (with "" (instance $entries))))
  (func (export "run") (canon lift (core func $main "run"))))
