//! Why a request is refused, as the log has it.

use super::*;

#[test]
fn the_log_says_what_is_missing_and_nothing_of_what_the_token_claims() {
    let lines = "org-claim = '/o/id'\nroles-claim = '/roles'\n";
    let with = |lines: &str, rules: &str| {
        let text = format!("[iam]\nissuer = 'https://i'\n{lines}{rules}");
        Policy::parse(&text).expect("a policy")
    };
    let anna = || Bearer::for_test(Some(ANNA), Some("acme"), &["staff", "driver"]);
    let bearer = Caller::Bearer;
    let (read, list, delete) = (Operation::Read, Operation::List, Operation::Delete);
    for (lines, rules, caller, area, operation, reason) in [
        (
            lines,
            "",
            Caller::Anonymous,
            Area::Public,
            list,
            "no token was sent, and public.list (the default) requires signed-in",
        ),
        (
            lines,
            "",
            Caller::Anonymous,
            Area::User,
            list,
            "no token was sent, and the user area requires one",
        ),
        (
            lines,
            "",
            bearer(Bearer::for_test(Some(ANNA), None, &[])),
            Area::Org,
            read,
            "the token names no organization: the claim /o/id is missing",
        ),
        (
            "",
            "",
            Caller::Anonymous,
            Area::Org,
            read,
            "the org area is closed: [iam] has neither org-claim nor audience-prefix",
        ),
        (
            lines,
            "",
            bearer(Bearer::for_test(None, None, &[])),
            Area::User,
            read,
            "the token names no user: the claim /sub is missing",
        ),
        (
            lines,
            "",
            bearer(Bearer::for_test(None, None, &[])),
            Area::Public,
            delete,
            "the token names no user, and public.delete (the default) requires uploader: the \
             claim /sub is missing",
        ),
        (
            lines,
            "[org]\ndelete = ['role:manager', 'role:head', 'nobody']",
            bearer(anna()),
            Area::Org,
            delete,
            "the token lacks role:manager or role:head, which org.delete (line 6) requires: it has 2 \
             roles",
        ),
        (
            lines,
            "[org]\ndelete = 'role:manager'",
            bearer(Bearer::for_test(Some(ANNA), Some("acme"), &[])),
            Area::Org,
            delete,
            "the token lacks role:manager, which org.delete (line 6) requires: the claim /roles \
             is missing",
        ),
        (
            "",
            "[public]\nread = 'role:manager'",
            bearer(anna()),
            Area::Public,
            read,
            "no token can satisfy public.read (line 4): the rule is role:manager, and [iam] has \
             no roles-claim",
        ),
        (
            lines,
            "[public]\nlist = 'uploader'",
            Caller::Anonymous,
            Area::Public,
            list,
            "no token can satisfy public.list (line 6): the rule is uploader",
        ),
    ] {
        let policy = with(lines, rules);
        let refused = decide(&policy, &caller, area, operation).expect_err(reason);
        assert_eq!(refused.reason(&policy).as_deref(), Some(reason));
    }
    let policy = with(lines, "");
    let delete =
        super::delete(&policy, &bearer(anna()), Area::Public, name("a")).expect("a permit");
    assert_eq!(
        delete.problem(Error::Protected).reason(&policy).as_deref(),
        Some(
            "public.delete (the default) requires uploader, but the file was stored by another \
             user or without a token"
        )
    );
}
