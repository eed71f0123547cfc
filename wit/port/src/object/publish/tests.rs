//! The machine against a service that is one variable.

use std::time::UNIX_EPOCH;

use super::*;
use crate::{Conditions, Guard, Key, Metadata};

const OWN: Option<&str> = Some("own");
const AT_HAND: Means = Means {
    absent: true,
    version: true,
    folders: false,
    whole: true,
};

fn options(may_replace: Guard) -> CreateOptions {
    CreateOptions {
        content_type: "a/b".into(),
        uploader: None,
        metadata: Metadata::default(),
        may_create: true,
        may_replace,
        conditions: Conditions::default(),
        max_size: 1,
        announced: None,
        sha256: None,
    }
}

fn info(etag: &str, uploader: Option<&str>) -> Info {
    Info {
        key: Key::new("k").expect("a key"),
        size: 1,
        etag: etag.into(),
        modified: UNIX_EPOCH,
        content_type: "a/b".into(),
        uploader: uploader.map(str::to_owned),
        metadata: Metadata::default(),
    }
}

fn version(etag: &str) -> Pin {
    Pin::Version(etag.into())
}

#[test]
fn a_new_file_takes_one_request_and_a_free_replacement_two() {
    let free = options(Guard::Any);
    let mut publish = Publish::new(&free, OWN, &Seen::NotLooked, AT_HAND);
    assert_eq!(publish.step().expect("a step"), Step::Send(Pin::Absent));
    assert!(!publish.replaces());
    publish.overtaken();
    assert_eq!(publish.step().expect("a step"), Step::Send(Pin::None));
    assert!(publish.replaces());
}

#[test]
fn a_guarded_file_is_pinned_to_the_version_that_was_checked() {
    let guarded = options(Guard::Uploader("ann".into()));
    let ann = info("\"1\"", Some("ann"));
    let seen = Seen::check(Some(ann), &guarded).expect("ann's");
    let mut publish = Publish::new(&guarded, OWN, &seen, AT_HAND);
    assert_eq!(
        publish.step().expect("a step"),
        Step::Send(version("\"1\""))
    );
    publish.overtaken();
    assert_eq!(publish.step().expect("a step"), Step::Look);
    let newer = info("\"2\"", Some("ann"));
    assert!(!publish.looked(Some((&newer, None))).expect("ann's"));
    assert_eq!(
        publish.step().expect("a step"),
        Step::Send(version("\"2\""))
    );
    publish.overtaken();
    publish.step().expect("a look");
    let bobs = info("\"3\"", Some("bob"));
    let refused = publish.looked(Some((&bobs, None)));
    assert!(matches!(refused, Err(Error::Protected)), "{refused:?}");
}

#[test]
fn parts_at_the_service_and_what_it_ignores_are_looked_at_first() {
    let free = options(Guard::Any);
    for (absent, whole, pin) in [
        (true, false, Pin::Absent),
        (false, true, Pin::None),
        (false, false, Pin::None),
    ] {
        let means = Means {
            absent,
            version: absent,
            whole,
            folders: false,
        };
        let mut publish = Publish::new(&free, OWN, &Seen::NotLooked, means);
        assert_eq!(publish.step().expect("a step"), Step::Look, "{means:?}");
        assert!(!publish.looked(None).expect("free"));
        assert_eq!(
            publish.step().expect("a step"),
            Step::Send(pin),
            "{means:?}"
        );
    }
}

#[test]
fn each_condition_goes_to_the_service_that_evaluates_it() {
    let guarded = options(Guard::Uploader("ann".into()));
    let anns = info("\"1\"", Some("ann"));
    for (absent, version) in [(true, false), (false, true)] {
        let means = Means {
            absent,
            version,
            ..AT_HAND
        };
        for (seen, found, evaluated, pin) in [
            (Seen::Nothing, None, absent, Pin::Absent),
            (
                Seen::Version("\"1\"".into()),
                Some(&anns),
                version,
                self::version("\"1\""),
            ),
        ] {
            let mut publish = Publish::new(&guarded, OWN, &seen, means);
            if !evaluated {
                assert_eq!(publish.step().expect("a step"), Step::Look, "{means:?}");
                let described = found.map(|info| (info, None));
                assert!(!publish.looked(described).expect("ann's"));
            }
            let expected = if evaluated { pin } else { Pin::None };
            assert_eq!(publish.step().expect("a step"), Step::Send(expected));
            assert_eq!(publish.replaces(), found.is_some());
        }
    }
}

#[test]
fn a_name_that_is_refused_and_not_there_ends_in_an_error_and_not_as_replaced() {
    let mut new = options(Guard::Any);
    new.conditions.if_none_match = Some(crate::Etags::Any);
    let mut publish = Publish::new(&new, OWN, &Seen::NotLooked, AT_HAND);
    let mut rounds = 0;
    let refused = loop {
        rounds += 1;
        assert_eq!(publish.step().expect("a step"), Step::Send(Pin::Absent));
        publish.overtaken();
        assert_eq!(publish.step().expect("a step"), Step::Look);
        match publish.looked(None) {
            Ok(known) => assert!(!known),
            Err(error) => break error,
        }
    };
    assert_eq!(rounds, CONTRADICTIONS);
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");

    // Where the service is known for that, a look tells what is replaced.
    let free = options(Guard::Any);
    let means = Means {
        folders: true,
        ..AT_HAND
    };
    let there = info("\"1\"", None);
    for found in [None, Some((&there, None))] {
        let mut publish = Publish::new(&free, OWN, &Seen::NotLooked, means);
        assert_eq!(publish.step().expect("a step"), Step::Send(Pin::Absent));
        publish.overtaken();
        assert_eq!(publish.step().expect("a step"), Step::Look);
        assert!(!publish.looked(found).expect("free"));
        assert_eq!(publish.step().expect("a step"), Step::Send(Pin::None));
        assert_eq!(publish.replaces(), found.is_some());
    }
}

#[test]
fn an_attempt_whose_answer_was_lost_is_known_again() {
    let free = options(Guard::Any);
    let there = info("\"1\"", None);
    let mut publish = Publish::new(&free, OWN, &Seen::Nothing, AT_HAND);
    publish.forgotten();
    assert_eq!(publish.step().expect("a step"), Step::Look);
    assert!(publish.looked(Some((&there, OWN))).expect("its own"));
    assert!(!publish.replaces());

    let mut publish = Publish::new(&free, OWN, &Seen::Nothing, AT_HAND);
    publish.forgotten();
    for found in [None, Some((&there, None)), Some((&there, Some("another")))] {
        let gone = publish.looked(found);
        assert!(matches!(gone, Err(Error::Unavailable(_))), "{found:?}");
    }
    // An answer that was lost or cannot be read says nothing; a look does.
    let mut publish = Publish::new(&free, OWN, &Seen::NotLooked, AT_HAND);
    publish.step().expect("a step");
    publish.unconfirmed();
    assert_eq!(publish.step().expect("a step"), Step::Look);
    assert!(publish.looked(Some((&there, OWN))).expect("its own"));
    assert!(!publish.replaces());
    let mut publish = Publish::new(&free, OWN, &Seen::NotLooked, AT_HAND);
    publish.step().expect("a step");
    publish.unconfirmed();
    let others = Some((&there, Some("another")));
    assert!(!publish.looked(others).expect("another's"));
    assert_eq!(publish.step().expect("a step"), Step::Send(Pin::None));
    assert!(publish.replaces());
    // An object without a version is never this very file.
    let mut publish = Publish::new(&free, None, &Seen::Nothing, AT_HAND);
    publish.overtaken();
    publish.overtaken();
    assert!(!publish.looked(Some((&there, None))).expect("free"));
}

#[test]
fn writers_that_collide_wait_longer_each_time_and_end() {
    let guarded = options(Guard::Uploader("ann".into()));
    let mut publish = Publish::new(&guarded, OWN, &Seen::Nothing, AT_HAND);
    let mut waited = Duration::ZERO;
    for _ in 0..ROUNDS {
        assert!(matches!(publish.step(), Ok(Step::Send(_))));
        publish.collided();
        let Ok(Step::Wait(pause)) = publish.step() else {
            panic!("no pause");
        };
        assert!(pause > waited);
        waited = pause;
        assert_eq!(publish.step().expect("a step"), Step::Look);
        publish.looked(None).expect("free to create");
    }
    assert!(matches!(publish.step(), Err(Error::Unavailable(_))));
}

#[test]
fn only_few_bytes_or_a_free_name_begin_without_a_look() {
    let guarded = || options(Guard::Uploader("ann".into()));
    assert!(begins_without_look(&options(Guard::Any)));
    assert!(!begins_without_look(&guarded()));
    for (announced, expected) in [(0, true), (FEW, true), (FEW + 1, false)] {
        let mut few = guarded();
        few.announced = Some(announced);
        assert_eq!(begins_without_look(&few), expected, "{announced}");
        few.may_create = false;
        assert!(!begins_without_look(&few), "{announced}");
    }
}
