//! What a command prints cannot be written.

use std::fs::File;

use super::*;

#[test]
fn an_output_that_cannot_be_written_is_an_error_in_one_line() {
    let folder = TempDir::new().unwrap();
    let policy = file(&folder, "good.toml", iam());
    for args in [&["secret"][..], &["check", &policy]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(args, &[]).stdout(full).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        assert_eq!(
            told,
            "coffer: cannot write to standard output: No space left on device (os error 28)\n",
            "{args:?}"
        );
    }
}
