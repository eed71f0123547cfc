//! A component that fails, and whom that affects.

use super::*;
use crate::support::component;

#[test]
fn a_component_that_fails_costs_its_client_a_500_and_affects_nobody_else() {
    for (handle, logged) in [("unreachable", "unreachable"), ("", "gave no response")] {
        // The only slot for an instance must not be lost.
        let server = Setup::public_only()
            .component(&component(handle))
            .args(&["--max-instances", "1"])
            .start();
        let mut connection = Connection::open(server.address());
        for _ in 0..10 {
            connection.send(head(
                &server,
                "PUT /v1/public/files/evil",
                &["Content-Length: 1000000"],
            ));
            connection.send(vec![b'x'; 1_000_000]);
            assert_problem_parts(&connection.answer(), 500, "internal");
        }
        let answer = ask(&server, "GET /v1/public/files/evil", &[], b"");
        assert_problem_parts(&answer, 500, "internal");
        assert!(!String::from_utf8(answer.2).unwrap().contains(logged));
        let id = answer.1["x-request-id"].to_str().unwrap();
        eventually("the cause is in the log", || {
            let log = server.log();
            log.lines()
                .any(|line| line.contains("ERROR") && line.contains(id) && line.contains(logged))
        });
        assert_eq!(server.stop(), Some(0));
    }
}
