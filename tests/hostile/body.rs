//! Responses of false length, and endless ones.

use super::*;

/// A guest that answers with `Content-Length: 5` and then does this.
fn five_bytes(then: &str) -> Guest {
    let body = format!(
        "(local.set $i (call $fields))
         (call $fields.append (local.get $i) (i32.const 1100) (i32.const 14)
           (i32.const 2048) (i32.const 1) (i32.const 64))
         (call $head (local.get $out) (i32.const 200) (local.get $i))
         {then}"
    );
    Guest::new(&body).data(b"5")
}

#[test]
fn a_client_never_mistakes_a_part_for_the_whole_nor_gets_more_than_was_announced() {
    let cases = [
        case(
            "a body that is never finished",
            in_mid_body(""),
            Met::Broken,
            ("broken", "was cut short"),
        ),
        case(
            "fewer bytes than announced",
            five_bytes(
                "(drop (call $write (i32.const 1200) (i32.const 2)))
                 (drop (call $finish))",
            ),
            Met::Broken,
            ("broken", "was cut short"),
        ),
        // The client gets as many of these as were announced.
        case(
            "more bytes than announced",
            five_bytes(
                "(drop (call $write (i32.const 1200) (i32.const 10)))
                 (drop (call $finish))",
            ),
            Met::Whole(200),
            None,
        ),
        case(
            "more bytes than announced, a few at a time",
            five_bytes(
                "(drop (call $write (i32.const 1200) (i32.const 4)))
                 (drop (call $write (i32.const 1200) (i32.const 4)))
                 (drop (call $finish))",
            ),
            Met::Whole(200),
            None,
        ),
    ];
    cases.iter().for_each(withstands);
}

#[test]
fn an_endless_body_ends_with_the_cpu_time() {
    let write = "(drop (call $write (i32.const 4096) (i32.const 4096)))";
    let endless = format!("(loop $again {write} (br $again))");
    withstands(&case(
        "an endless body",
        in_mid_body(&endless),
        Met::Broken,
        ("cpu-time", "CPU time"),
    ));
}

#[test]
fn a_request_ends_with_its_time_even_if_it_uses_no_cpu() {
    let sleep = "(call $pollable.block (call $subscribe-duration (i64.const -1)))";
    let endless = "(loop $again (drop (call $write (i32.const 4096) (i32.const 4096)))
        (br $again))";
    for (what, guest, met) in [
        ("sleep before the head", Guest::new(sleep), Met::Internal),
        (
            "sleep in the middle of the body",
            in_mid_body(sleep),
            Met::Broken,
        ),
        ("an unread body", in_mid_body(endless), Met::Broken),
    ] {
        let component = guest.build();
        let server = Setup::public_only()
            .component(&component)
            .args(&["--request-timeout", "300ms", "--max-cpu-time", "1h"])
            .start();
        let evil = begin(&server, "evil");
        assert_serves(&server, what);
        eventually(what, || {
            is_logged(&server, &component, ("timeout", "longer than"))
        });
        let mut evil = evil;
        assert_met(what, &evil.rest(), met);
        assert_serves(&server, what);
    }
}

/// Fields that would split a response or change its framing.
const FIELDS: [(&str, &str); 13] = [
    ("x-evil", "a\r\nset-cookie: evil=1"),
    ("x-evil", "a\r\n\r\n<script>"),
    ("x-evil", "a\nset-cookie: evil=1"),
    ("x-evil", "a\rb"),
    ("x-evil", "a\0b"),
    ("x-evil\r\nset-cookie", "evil=1"),
    ("x-evil: a\r\nset-cookie", "evil=1"),
    ("x evil", "a"),
    ("x-evil:", "a"),
    ("", "a"),
    ("x-évil", "a"),
    ("transfer-encoding", "chunked"),
    ("connection", "close"),
];

/// Name and value back to back, and code for their addresses and lengths.
fn field((name, value): (&str, &str)) -> (Vec<u8>, [String; 4]) {
    let number = |number: usize| format!("(i32.const {number})");
    let at = 2048 + KEY.len();
    let addresses = [at, name.len(), at + name.len(), value.len()];
    (
        [KEY, name.as_bytes(), value.as_bytes()].concat(),
        addresses.map(number),
    )
}

#[test]
fn a_field_that_http_does_not_allow_never_reaches_the_wire() {
    for pair in FIELDS {
        let (data, [name, name_length, value, value_length]) = field(pair);
        // 404 if it was refused, 200 if it was not.
        let appended = format!(
            "(local.set $i (call $fields))
             (call $fields.append (local.get $i) {name} {name_length} {value} {value_length}
               (i32.const 64))
             (call $answer (local.get $out)
               (select (i32.const 404) (i32.const 200) (i32.load8_u (i32.const 64))))"
        );
        let header = format!(
            "(i32.store (i32.const 6144) {name}) (i32.store (i32.const 6148) {name_length})
             (i32.store (i32.const 6152) {value}) (i32.store (i32.const 6156) {value_length})"
        );
        let responded = format!(
            "(call $store) {header}
             (call $blob.respond (call $open-file (i32.const 2048) (i32.const 9))
               (local.get $out) (i32.const 200) (i32.const 6144) (i32.const 1))"
        );
        let made = format!(
            "{header}
             (call $respond (local.get $out) (i32.const 200) (i32.const 6144) (i32.const 1)
               (i32.const 1200) (i32.const 10))"
        );
        for (body, expected) in [
            (appended, Met::Whole(404)),
            (responded, Met::Internal),
            (made, Met::Internal),
        ] {
            let component = Guest::new(&body).defining(FILES).data(&data).build();
            let server = Setup::public_only()
                .component(&component)
                .args(&LIMITS)
                .start();
            let response = get(&server, "evil");
            assert_met(&format!("{pair:?}"), &response, expected);
            let (head, body) = parts(&response);
            assert!(!head.contains("evil") && !head.contains("cookie"), "{head}");
            assert!(!body.starts_with(b"<script>"));
            assert_serves(&server, "fields");
        }
    }
}

#[test]
fn a_response_in_one_piece_is_sent_whole_or_not_at_all() {
    let with = |status: u16, header: &str, bytes: usize| {
        format!(
            "(i32.store (i32.const 6144) (i32.const 1100)) (i32.store (i32.const 6148) (i32.const 14))
             (i32.store (i32.const 6152) (i32.const 2048)) (i32.store (i32.const 6156) (i32.const {}))
             (call $respond (local.get $out) (i32.const {status}) (i32.const 6144) (i32.const {})
               (i32.const 1200) (i32.const {bytes}))",
            header.len(),
            usize::from(!header.is_empty()),
        )
    };
    for (status, length, bytes, expected) in [
        (200, "", 10, Met::Whole(200)),
        (404, "", 0, Met::Whole(404)),
        (200, "0", 0, Met::Whole(200)),
        (599, "", 10, Met::Whole(599)),
        (100, "", 10, Met::Internal),
        (199, "", 0, Met::Internal),
        (600, "", 10, Met::Internal),
        (0, "", 10, Met::Internal),
        (200, "10", 10, Met::Internal),
        (200, "9", 10, Met::Internal),
        (200, "-1", 0, Met::Internal),
        (200, "1e1", 0, Met::Internal),
        (204, "", 0, Met::Whole(204)),
        (204, "", 10, Met::Internal),
        (204, "0", 0, Met::Internal),
        (304, "9", 0, Met::Whole(304)),
        (304, "", 10, Met::Internal),
    ] {
        let guest = Guest::new(&with(status, length, bytes)).data(length.as_bytes());
        let server = Setup::public_only()
            .component(&guest.build())
            .args(&LIMITS)
            .start();
        let response = get(&server, "evil");
        assert_met(&format!("{status} {length} {bytes}"), &response, expected);
        if status == 200 && bytes > 0 && length.is_empty() {
            let (head, body) = parts(&response);
            assert!(head.contains("content-length: 10"), "{head}");
            assert_eq!(body, b"some bytes");
        }
        assert_serves(&server, "response");
    }
}

#[test]
fn fields_that_are_too_many_or_too_large_are_not_sent() {
    for (count, length, expected) in [
        (1, 1, Met::Whole(200)),
        (2, 50_000, Met::Whole(200)),
        (3, 50_000, Met::Internal),
        // Few bytes, but more than a map of fields can hold.
        (25_000, 1, Met::Internal),
        (40_000, 1, Met::Internal),
    ] {
        let body = format!(
            "(drop (memory.grow (i32.const 64)))
             (memory.fill (i32.const 2097152) (i32.const {}) (i32.const {length}))
             (local.set $i (i32.const 0))
             (loop $again
               (i32.store offset=1048576 (local.get $i) (i32.const 2097152))
               (i32.store offset=1048580 (local.get $i) (i32.const 1))
               (i32.store offset=1048584 (local.get $i) (i32.const 2097152))
               (i32.store offset=1048588 (local.get $i) (i32.const {length}))
               (local.set $i (i32.add (local.get $i) (i32.const 16)))
               (br_if $again (i32.lt_u (local.get $i) (i32.const {}))))
             (call $respond (local.get $out) (i32.const 200) (i32.const 1048576)
               (i32.const {count}) (i32.const 1200) (i32.const 10))",
            b'x',
            count * 16
        );
        let component = Guest::new(&body).build();
        let server = Setup::public_only()
            .component(&component)
            .args(&LIMITS)
            .start();
        let what = format!("{count} fields of {length} bytes");
        assert_met(&what, &get(&server, "evil"), expected);
        if expected == Met::Internal {
            eventually(&what, || {
                is_logged(&server, &component, ("port", "header fields"))
            });
        }
        assert_serves(&server, &what);
    }
}

/// As many fields as the map of a response holds, less two: the host adds three.
#[test]
fn header_fields_leave_room_for_those_of_the_host() {
    let letter = |place: u32| {
        format!(
            "(i32.store8 offset={} (i32.shl (local.get $i) (i32.const 2))
               (i32.add (i32.const 97) (i32.rem_u (local.get $j) (i32.const 26))))
             (local.set $j (i32.div_u (local.get $j) (i32.const 26)))",
            2_097_152 + place
        )
    };
    // Each has another name, of four letters.
    let body = format!(
        "(drop (memory.grow (i32.const 64)))
         (loop $again
           (i32.store offset=1048576 (i32.shl (local.get $i) (i32.const 4))
             (i32.add (i32.const 2097152) (i32.shl (local.get $i) (i32.const 2))))
           (i32.store offset=1048580 (i32.shl (local.get $i) (i32.const 4)) (i32.const 4))
           (i32.store offset=1048584 (i32.shl (local.get $i) (i32.const 4)) (i32.const 2097152))
           (i32.store offset=1048588 (i32.shl (local.get $i) (i32.const 4)) (i32.const 1))
           (local.set $j (local.get $i))
           {}
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 24574))))
         (call $respond (local.get $out) (i32.const 200) (i32.const 1048576)
           (i32.const 24574) (i32.const 1200) (i32.const 10))",
        (0..4).map(letter).collect::<String>()
    );
    let component = Guest::new(&body).build();
    let server = Setup::public_only()
        .component(&component)
        .args(&LIMITS)
        .start();
    let what = "fields that fill the map";
    assert_met(what, &get(&server, "evil"), Met::Internal);
    eventually(what, || {
        is_logged(&server, &component, ("port", "header fields"))
    });
    assert_serves(&server, what);
}
