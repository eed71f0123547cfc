//! `--instance-reuse`: which instances answer another request, and what they carry over.

use crate::support::{Guest, Setup, user};

/// Counts the requests that its instance has had: the first is answered with 201, the
/// second with 202.
const COUNT: &str = "
    (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
    (call $answer (local.get $out) (i32.add (i32.const 200) (i32.load (i32.const 4096))))";
const DROP: &str = "(call $incoming-request.drop (local.get $request))";
const ROUNDS: usize = 30;

/// The statuses of [`ROUNDS`] requests, one after another.
async fn statuses(guest: &str, args: &[&str]) -> Vec<u16> {
    let server = Setup::public_only()
        .component(&Guest::new(guest).build())
        .args(args)
        .start();
    let mut statuses = Vec::new();
    for _ in 0..ROUNDS {
        let response = server.get("/v1/public/files/evil").send().await.unwrap();
        statuses.push(response.status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn an_instance_answers_as_many_requests_as_it_is_allowed_to() {
    let counting = format!("{COUNT} {DROP}");
    for args in [&[][..], &["--instance-reuse=1"]] {
        assert_eq!(statuses(&counting, args).await, [201; ROUNDS], "{args:?}");
    }
    let reused = statuses(&counting, &["--instance-reuse=3"]).await;
    assert!(reused.iter().all(|status| (201..=203).contains(status)));
    assert!(reused.contains(&203), "{reused:?}");
    // Without a number the limit is far above the requests sent here.
    let reused = statuses(&counting, &["--instance-reuse"]).await;
    assert!(reused.iter().any(|status| *status > 203), "{reused:?}");
}

#[tokio::test]
async fn an_instance_that_failed_or_still_holds_a_request_answers_no_other() {
    let holding = statuses(COUNT, &["--instance-reuse"]).await;
    assert_eq!(holding, [201; ROUNDS]);
    let failing = format!("{COUNT} {DROP} unreachable");
    let failing = statuses(&failing, &["--instance-reuse"]).await;
    assert_eq!(failing, [201; ROUNDS]);
}

#[tokio::test]
async fn a_token_opens_nothing_for_the_next_request() {
    let server = Setup::default().args(&["--instance-reuse"]).start();
    let (alice, bob) = (user("alice"), user("bob"));
    let path = "/v1/user/files/a";
    for (bearer, content) in [(&alice, "alice's"), (&bob, "bob's")] {
        let request = server.put(path, content).bearer_auth(bearer);
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
    for _ in 0..ROUNDS {
        for (bearer, content) in [(&alice, "alice's"), (&bob, "bob's")] {
            let request = server.get(path).bearer_auth(bearer);
            assert_eq!(request.send().await.unwrap().text().await.unwrap(), content);
        }
        assert_eq!(server.get(path).send().await.unwrap().status(), 401);
    }
}
