//! `coffer manual`: what packages install beside the program.

use std::fs;

use super::*;

#[test]
fn every_command_has_a_man_page_and_every_flag_a_completion() {
    let folder = TempDir::new().unwrap();
    let into = folder.path().join("created/if/missing");
    let ended = run(
        &["manual", into.to_str().unwrap()],
        &[("COFFER_POLICY", "mine")],
    );
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let read = |name: &str| fs::read_to_string(into.join(name)).unwrap();

    let help = run(&["--help"], &[]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.map_while(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands = commands.filter(|name| !["", "help"].contains(name));
    let commands: Vec<_> = commands.collect();
    assert!(
        commands.contains(&"serve") && commands.len() > 5,
        "{commands:?}"
    );
    let main = read("man/coffer.1");
    let version = concat!("coffer ", env!("CARGO_PKG_VERSION"));
    assert!(main.contains(version), "{main}");
    let completions = ["coffer.bash", "_coffer", "coffer.fish"];
    let completions = completions.map(|name| read(&format!("completions/{name}")));
    for command in commands {
        let page = read(&format!("man/coffer-{command}.1"));
        // roff writes a hyphen as \-.
        let page = page.replace("\\-", "-");
        // What this environment sets is not a default.
        assert!(!page.contains("mine"), "{page}");
        let help = run(&[command, "--help"], &[]).stdout;
        let flags = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--"));
        let flags = flags.filter_map(|line| line.split([' ', '[']).next());
        for flag in flags {
            assert!(page.contains(&format!("--{flag}")), "{command} --{flag}");
            for completions in &completions {
                assert!(completions.contains(flag), "{command} --{flag}");
            }
        }
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let not = file(&folder, "not-a-folder", "");
    let ended = run(&["manual", &not], &[]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    assert!(
        ended.stderr.starts_with(&format!("coffer: {not}/man: ")),
        "{}",
        ended.stderr
    );
}
