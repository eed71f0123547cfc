//! What is open without a token.

use super::*;

/// What is open to requests without a token: in total, and as stated by the document.
fn openings(text: &str) -> (Vec<String>, Vec<String>) {
    let openings = parse(text).openings();
    let stated = openings.iter().filter(|opening| opening.stated);
    let stated = stated.map(|opening| opening.statement.clone()).collect();
    let what = openings.into_iter().map(|opening| opening.what);
    (what.collect(), stated)
}

#[test]
fn a_policy_lists_what_it_opens_without_a_token_and_whether_it_states_it() {
    let trusted = "[iam]\nissuer = 'https://i'\n";
    let anyone = |operation: &str| format!("anyone may {operation} public files");
    let says = |operation: &str| format!("{operation} = \"anyone\" in [public]");
    assert_eq!(
        openings(trusted),
        (vec![anyone("read"), anyone("create")], vec![])
    );
    let rules = "[public]\nread = 'signed-in'\ncreate = 'anyone'\ndelete = ['role:a', 'anyone']\n\
                 [user]\nread = 'anyone'\n[org]\nlist = 'anyone'";
    assert_eq!(
        openings(&format!("{trusted}{rules}")),
        (
            vec![anyone("create"), anyone("delete")],
            vec![says("create"), says("delete")]
        )
    );
    let without = "tokens are ignored, since there is no [iam]".to_owned();
    assert_eq!(
        openings("[public]\nlist = 'signed-in'\nreplace = 'nobody'\ndelete = 'anyone'"),
        (
            vec![
                without.clone(),
                anyone("read"),
                anyone("create"),
                anyone("delete")
            ],
            vec![says("delete")]
        )
    );
    let (what, stated) = openings("public-only = true");
    assert_eq!((&what[0], what.len()), (&without, 6));
    assert_eq!(
        (stated[0].as_str(), stated.len()),
        ("public-only = true", 6)
    );
    // It only states the default.
    let (_, stated) = openings("public-only = false\n[public]");
    assert!(stated.is_empty());
}
