//! Answers with names that XML cannot carry: [`xml::Lenient`], before the SDK parses them.

use std::mem;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use bytes::Bytes;
use coffer_port::object::xml;
use http_body_util::BodyExt;

/// For requests whose answers repeat names.
#[derive(Debug, Clone, Copy)]
pub(super) struct LenientXml;

impl Intercept for LenientXml {
    fn name(&self) -> &'static str {
        "lenient XML"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        // A replacement is longer than what it replaces.
        response.headers_mut().remove("content-length");
        let body = mem::replace(response.body_mut(), SdkBody::taken());
        let mut lenient = xml::Lenient::default();
        let body = body
            .map_frame(move |frame| frame.map_data(|data: Bytes| Bytes::from(lenient.pass(&data))));
        *response.body_mut() = SdkBody::from_body_1_x(body);
        Ok(())
    }
}
