//! The `User-Agent` of requests: this program and its SDK, made once.
//!
//! The SDK would make it anew for each request, with a list of the features that were used, and
//! sign and send it twice.

use std::sync::LazyLock;

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_s3::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::meta::PKG_VERSION;
use aws_smithy_runtime_api::client::interceptors::disable_interceptor;

use super::fields::Presigned;

static VALUE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "coffer/{} aws-sdk-s3/{PKG_VERSION}",
        env!("CARGO_PKG_VERSION")
    )
});

/// Adds it to every request of a client, in place of the SDK's.
#[derive(Debug)]
pub(super) struct UserAgent;

impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "user agent"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let disabled = disable_interceptor::<UserAgentInterceptor>("replaced");
        config.interceptor_state().store_put(disabled);
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A client that follows a URL sends its own.
        if !Presigned::is_marked(config) {
            let fields = context.request_mut().headers_mut();
            fields.try_insert("user-agent", VALUE.as_str())?;
        }
        Ok(())
    }
}
