//! What `--help` and `--version` say.

use super::*;

#[test]
fn help_describes_the_commands_and_names_every_flags_environment_variable() {
    let help = |args: &[&str]| {
        let ended = run(args, &[]);
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (Some(0), ""),
            "{args:?}"
        );
        ended.stdout
    };
    let all = help(&["--help"]);
    for phrase in [
        "public, each user's own, each organization's",
        "serve",
        "token",
        "secret",
        "check",
        "backup",
        "restore",
        "copy",
    ] {
        assert!(all.contains(phrase), "{phrase} in {all}");
    }
    let serve = help(&["serve", "--help"]);
    for phrase in [
        "Serve files over HTTP until SIGTERM or Ctrl-C",
        "[default: 127.0.0.1:8080]",
        "Trust tokens of `coffer token`; for development only",
        "Limits:",
    ] {
        assert!(serve.contains(phrase), "{phrase} in {serve}");
    }
    let flags = serve
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"));
    let flags: Vec<_> = flags.filter_map(|line| line.split(' ').next()).collect();
    assert!(flags.len() > 15, "{flags:?}");
    for flag in flags {
        let twin = format!("[env: COFFER_{}=]", flag.to_uppercase().replace('-', "_"));
        assert!(serve.contains(&twin), "{twin} in {serve}");
    }
    let token = help(&["token", "--help"]);
    for flag in [
        "--user <USER>",
        "--org <ORG>",
        "--role <ROLE>",
        "--claim <NAME=VALUE>",
        "--expires-in <TIME>",
    ] {
        assert!(token.contains(flag), "{flag} in {token}");
    }
    let check = help(&["check", "--help"]);
    for argument in ["[FILE]", "--data-dir <DIR>", "--dev"] {
        assert!(check.contains(argument), "{argument} in {check}");
    }
    let version = help(&["--version"]);
    let built = concat!("coffer ", env!("CARGO_PKG_VERSION"), " (commit ");
    let commit = version.trim_end().strip_prefix(built);
    let commit = commit.and_then(|commit| commit.strip_suffix(')'));
    assert!(commit.is_some_and(|commit| !commit.is_empty()), "{version}");
}
