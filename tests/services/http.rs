//! The tests over HTTP that concern the engine, each server in a folder of one bucket.

use crate::report::Finding;
use crate::service::Service;
use crate::suite::Suite;

const SUITE: Suite = Suite {
    program: ["--test", "coffer"],
    tests: &[
        "access::",
        "delete::",
        "download::",
        "form::",
        "link::",
        "list::",
        "names::",
        "upload::",
    ],
    // They look at the data directory, or at a tag that differs although the bytes are the
    // same, or measure memory, of which S3 may hold more.
    but: &[
        "a_copy_is_fresh_until_the_file_is_replaced",
        "a_deleted_file_is_gone_at_once_and_its_bytes_soon",
        "a_large_file_in_a_form_comes_back_byte_for_byte",
        "an_upload_that_is_cut_off_leaves_nothing",
        "links_survive_a_restart_but_not_a_new_secret",
        "no_name_appears_in_any_path_and_nothing_is_outside_the_data_directory",
        "readers_see_whole_versions_while_two_hundred_replace_each_other",
    ],
};

pub async fn check(service: &Service) -> Finding {
    SUITE.run(service, "http").await
}
