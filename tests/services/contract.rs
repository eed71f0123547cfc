//! The contract suite that every engine passes; it lives in the program's unit tests.

use crate::report::Finding;
use crate::service::Service;
use crate::suite::Suite;

const SUITE: Suite = Suite {
    program: ["--bin", "coffer"],
    tests: &["store::s3::tests::with_conditions::"],
    but: &[],
};

pub async fn check(service: &Service) -> Finding {
    SUITE.run(service, "contract").await
}
