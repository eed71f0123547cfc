//! More memory, tables, resources, blobs and uploads than the limits allow.

use super::*;

/// Does this until it fails.
fn again(what: &str) -> Guest {
    Guest::new(&format!("(loop $again {what} (br $again))"))
        .defining(FILES)
        .data(KEY)
}

#[test]
fn memory_and_tables_have_a_limit() {
    let fill = "(loop $again
          (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (memory.fill (i32.const 65536) (i32.const 1)
          (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 65536)))
        unreachable";
    let grow = "(loop $again
          (br_if $again (i32.ne
            (table.grow $table (ref.null func) (i32.const 1000)) (i32.const -1))))
        (table.fill $table (i32.const 0) (ref.func $head) (table.size $table))
        unreachable";
    let table = "(table $table 1 funcref) (elem declare func $head)";
    let cases = [
        case(
            "a memory bomb",
            Guest::new(fill),
            Met::Internal,
            ("panic", "unreachable"),
        ),
        case(
            "a table bomb",
            Guest::new(grow).defining(table),
            Met::Internal,
            ("panic", "unreachable"),
        ),
        case(
            "endless random bytes",
            Guest::new("(call $get-random-bytes (i64.const 1000000000000) (i32.const 64))"),
            Met::Internal,
            ("port", ""),
        ),
        // A thousand strings of 8 MiB each, all at the same address.
        case(
            "a list that is larger than the memory it is in",
            Guest::new(
                "(drop (memory.grow (i32.const 130)))
                 (loop $again
                   (i32.store offset=4096 (i32.shl (local.get $i) (i32.const 3)) (i32.const 65536))
                   (i32.store offset=4100 (i32.shl (local.get $i) (i32.const 3))
                     (i32.const 8388608))
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
                 (i32.store (i32.const 3072) (i32.const 2048))
                 (i32.store (i32.const 3076) (i32.const 9))
                 (i32.store8 (i32.const 3096) (i32.const 1)) ;; if-match
                 (i32.store8 (i32.const 3100) (i32.const 1)) ;; of a list
                 (i32.store (i32.const 3104) (i32.const 4096))
                 (i32.store (i32.const 3108) (i32.const 1000))
                 (call $stat (i32.const 3072) (i32.const 1300))",
            )
            .data(KEY),
            Met::Internal,
            ("port", ""),
        ),
    ];
    cases.iter().for_each(withstands);
}

#[test]
fn resources_have_a_limit_and_are_freed() {
    let cases = [
        case(
            "endless header fields",
            again("(drop (call $fields))"),
            Met::Internal,
            ("port", "table has no free keys"),
        ),
        case(
            "endless open files",
            Guest::new(
                "(call $store)
                 (loop $again
                   (drop (call $open-file (i32.const 2048) (i32.const 9)))
                   (br $again))",
            )
            .defining(FILES)
            .data(KEY),
            Met::Internal,
            ("port", "table has no free keys"),
        ),
        case(
            "endless uploads",
            again("(drop (call $begin-with-bytes))"),
            Met::Internal,
            ("port", "table has no free keys"),
        ),
        case(
            "hundreds of uploads that are never finished",
            Guest::new(
                "(loop $again
                   (drop (call $begin-with-bytes))
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $again (i32.lt_u (local.get $i) (i32.const 500))))
                 (call $answer (local.get $out) (i32.const 404))",
            )
            .defining(FILES)
            .data(KEY),
            Met::Whole(404),
            None,
        ),
    ];
    cases.iter().for_each(withstands);
}

#[test]
fn remembered_values_have_a_limit() {
    // Keys of 8 bytes and values of 16 KiB.
    let remember =
        "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
        (call $remember (i32.const 4096) (i32.const 8) (i32.const 8192) (i32.const 16384)
          (i32.const 60))";
    withstands(&case(
        "endless remembered values",
        again(remember),
        Met::Internal,
        ("cpu-time", "CPU time"),
    ));
}
