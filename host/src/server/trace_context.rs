//! W3C Trace Context: which trace of the caller a request belongs to.

use http::HeaderMap;

/// The trace id of the `traceparent` field (Trace Context, 3.2), if there is exactly one
/// and it is well-formed, so that nothing else from a client gets into the log.
pub(super) fn id(fields: &HeaderMap) -> Option<&str> {
    let mut values = fields.get_all("traceparent").iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let parts: Vec<&str> = value.to_str().ok()?.split('-').collect();
    let [version, trace, parent, flags, ..] = parts[..] else {
        return None;
    };
    let digits = |text: &str, length| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |text: &str| text.bytes().any(|byte| byte != b'0');
    let is_known = version == "00" && parts.len() == 4;
    // Later versions may have more parts (3.2.4).
    let is_later = digits(version, 2) && version != "00" && version != "ff";
    let is_whole = digits(trace, 32) && digits(parent, 16) && digits(flags, 2);
    ((is_known || is_later) && is_whole && some(trace) && some(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_well_formed_field_has_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        for (values, expected) in [
            (vec![good.clone()], Some(trace)),
            (
                vec![format!("01-{trace}-00f067aa0ba902b7-01-more")],
                Some(trace),
            ),
            (vec![good.clone(), good.clone()], None),
            (vec![], None),
            (vec![String::new()], None),
            (vec![good.to_uppercase()], None),
            (vec![format!("{good}-more")], None),
            (vec![format!("ff-{trace}-00f067aa0ba902b7-01")], None),
            (vec![format!("00-{trace}-0000000000000000-01")], None),
            (
                vec![format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32))],
                None,
            ),
            (vec!["00-secret-00f067aa0ba902b7-01".to_owned()], None),
        ] {
            let mut fields = HeaderMap::new();
            for value in &values {
                fields.append(
                    "traceparent",
                    HeaderValue::try_from(value).expect("a value"),
                );
            }
            assert_eq!(id(&fields), expected, "{values:?}");
        }
    }
}
