use super::*;

fn info(uploader: Option<&str>) -> Info {
    Info {
        key: "k".to_owned(),
        size: 1,
        etag: "\"a\"".to_owned(),
        modified: second(10),
        content_type: "a/b".to_owned(),
        uploader: uploader.map(str::to_owned),
    }
}

fn second(seconds: u64) -> Datetime {
    Datetime {
        seconds,
        nanoseconds: 5,
    }
}

fn none() -> Conditions {
    Conditions {
        if_match: None,
        if_unmodified_since: None,
        if_none_match: None,
        if_modified_since: None,
    }
}

fn these(tag: &str) -> Option<Etags> {
    Some(Etags::These(vec![format!("\"{tag}\"")]))
}

fn word(result: Result<(), Error>) -> &'static str {
    match result {
        Ok(()) => "fine",
        Err(Error::NotFound) => "none",
        Err(Error::Protected) => "protected",
        Err(Error::PreconditionFailed) => "failed",
        Err(Error::NotModified(_)) => "not modified",
        Err(_) => "another",
    }
}

#[test]
fn preconditions_are_evaluated_in_their_order() {
    let table = [
        (none(), "fine", "fine", "fine"),
        (
            Conditions {
                if_match: these("a"),
                ..none()
            },
            "fine",
            "fine",
            "failed",
        ),
        (
            Conditions {
                if_match: these("b"),
                ..none()
            },
            "failed",
            "failed",
            "failed",
        ),
        (
            Conditions {
                if_match: Some(Etags::Any),
                ..none()
            },
            "fine",
            "fine",
            "failed",
        ),
        (
            Conditions {
                if_none_match: these("a"),
                ..none()
            },
            "not modified",
            "failed",
            "fine",
        ),
        (
            Conditions {
                if_none_match: these("b"),
                ..none()
            },
            "fine",
            "fine",
            "fine",
        ),
        (
            Conditions {
                if_none_match: Some(Etags::Any),
                ..none()
            },
            "not modified",
            "failed",
            "fine",
        ),
        (
            Conditions {
                if_unmodified_since: Some(second(10)),
                ..none()
            },
            "fine",
            "fine",
            "fine",
        ),
        (
            Conditions {
                if_unmodified_since: Some(second(9)),
                ..none()
            },
            "failed",
            "failed",
            "fine",
        ),
        (
            Conditions {
                if_match: these("a"),
                if_unmodified_since: Some(second(9)),
                ..none()
            },
            "fine",
            "fine",
            "failed",
        ),
        (
            Conditions {
                if_modified_since: Some(second(10)),
                ..none()
            },
            "not modified",
            "fine",
            "fine",
        ),
        (
            Conditions {
                if_none_match: these("b"),
                if_modified_since: Some(second(10)),
                ..none()
            },
            "fine",
            "fine",
            "fine",
        ),
    ];
    for (conditions, read, write, create) in table {
        let info = info(None);
        assert_eq!(word(check_read(&conditions, &info)), read, "{conditions:?}");
        assert_eq!(
            word(check_write(&conditions, Some(&info))),
            write,
            "{conditions:?}"
        );
        assert_eq!(
            word(check_write(&conditions, None)),
            create,
            "{conditions:?}"
        );
    }
}

#[test]
fn guards_come_before_conditions() {
    let failing = Conditions {
        if_match: these("b"),
        ..none()
    };
    let mine = Whose::Uploaders("me".to_owned());
    let remove =
        |current: Option<&Info>, whose: &Whose| word(check_remove(current, whose, &failing));
    assert_eq!(remove(None, &Whose::Anyones), "none");
    assert_eq!(remove(Some(&info(None)), &mine), "protected");
    assert_eq!(remove(Some(&info(Some("you"))), &mine), "protected");
    assert_eq!(remove(Some(&info(Some("me"))), &mine), "failed");
    assert_eq!(
        remove(Some(&info(Some("me"))), &Whose::Nobodys),
        "protected"
    );
}
