//! What clients keep beside a file's bytes.

/// Pairs of a name and a value, ascending by name, each name once.
///
/// - at most [`Metadata::MAX_PAIRS`] pairs, together at most [`Metadata::MAX_BYTES`] bytes;
/// - names are 1 to [`Metadata::MAX_NAME`] of `a` to `z`, `0` to `9` and `-`;
/// - values are UTF-8 without control characters (U+0000 to U+001F, U+007F to U+009F).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Vec<(String, String)>);

/// Why pairs are not metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// There are too many.
    #[error("more than {} pairs of metadata", Metadata::MAX_PAIRS)]
    TooMany,
    /// They are too long together.
    #[error("more than {} bytes of metadata", Metadata::MAX_BYTES)]
    TooLong,
    /// This name is not one.
    #[error(
        "the metadata name {0:?} is not 1 to {max} of a to z, 0 to 9 and -",
        max = Metadata::MAX_NAME
    )]
    Name(String),
    /// The value of this name has control characters.
    #[error("the metadata value of {0:?} has a control character")]
    Value(String),
    /// This name occurs more than once.
    #[error("the metadata name {0:?} occurs more than once")]
    Twice(String),
}

impl Metadata {
    /// The most pairs.
    pub const MAX_PAIRS: usize = 32;
    /// The most bytes of all names and values.
    pub const MAX_BYTES: usize = 1536;
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 64;

    /// These pairs, in any order.
    ///
    /// # Errors
    /// [`MetadataError`] for the first rule that they break.
    pub fn new(mut pairs: Vec<(String, String)>) -> Result<Self, MetadataError> {
        if pairs.len() > Self::MAX_PAIRS {
            return Err(MetadataError::TooMany);
        }
        let bytes: usize = pairs
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > Self::MAX_BYTES {
            return Err(MetadataError::TooLong);
        }
        for (name, value) in &pairs {
            let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            if !(1..=Self::MAX_NAME).contains(&name.len()) || !name.bytes().all(allowed) {
                return Err(MetadataError::Name(name.clone()));
            }
            if value.chars().any(char::is_control) {
                return Err(MetadataError::Value(name.clone()));
            }
        }
        pairs.sort_unstable();
        match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(twice) => Err(MetadataError::Twice(twice[0].0.clone())),
            None => Ok(Self(pairs)),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names and values, ascending by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The pairs, ascending by name.
    #[must_use]
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&str, &str)]) -> Result<Metadata, MetadataError> {
        let owned = pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Metadata::new(owned.collect())
    }

    #[test]
    fn pairs_come_back_in_the_order_of_their_names() {
        let made = metadata(&[("b", "2"), ("a-1", "Zoë 🦊"), ("c", "")]).expect("metadata");
        let pairs: Vec<_> = made.iter().collect();
        assert_eq!(pairs, [("a-1", "Zoë 🦊"), ("b", "2"), ("c", "")]);
        assert!(metadata(&[]).expect("metadata").is_empty());
    }

    #[test]
    fn the_limits_count_pairs_and_bytes() {
        let many = |count: usize| {
            (0..count)
                .map(|n| (format!("n{n}"), String::new()))
                .collect()
        };
        assert!(Metadata::new(many(32)).is_ok());
        assert_eq!(Metadata::new(many(33)), Err(MetadataError::TooMany));
        assert!(metadata(&[("k", &"v".repeat(1535))]).is_ok());
        assert_eq!(
            metadata(&[("k", &"é".repeat(768))]),
            Err(MetadataError::TooLong)
        );
        assert!(metadata(&[(&"k".repeat(64), "v")]).is_ok());
    }

    #[test]
    fn names_and_values_that_no_header_field_could_carry_are_refused() {
        for name in ["", "A", "a_b", "a b", "é", &"k".repeat(65)] {
            assert_eq!(
                metadata(&[(name, "v")]),
                Err(MetadataError::Name(name.into()))
            );
        }
        for value in ["\0", "a\nb", "\u{7f}", "\u{85}"] {
            assert_eq!(
                metadata(&[("k", value)]),
                Err(MetadataError::Value("k".into()))
            );
        }
        assert_eq!(
            metadata(&[("k", "1"), ("k", "2")]),
            Err(MetadataError::Twice("k".into()))
        );
    }
}
