//! The flags of `coffer backup`, `coffer restore` and `coffer copy`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::error::SettingsError;
use super::s3::{ServiceFlags, checked_endpoint, given};
use super::values;
use crate::store::s3::Config;

/// `coffer backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The data directory, also while `coffer serve` uses it
    #[arg(
        long,
        env = "COFFER_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data_dir: PathBuf,

    /// The directory of the backup: created if missing, updated if it holds a backup of this data
    /// directory. Only what is new is copied
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,

    /// Read what the backup already has, too, and copy again what is damaged there
    #[arg(long)]
    pub verify: bool,
}

/// `coffer restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The directory of the backup
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,

    /// The data directory to restore into: missing, empty, or left by an interrupted restore
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// `coffer copy`.
#[derive(Debug, Args)]
pub struct Copy {
    /// Where the files are: a stopped data directory, a backup, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR|URL")]
    pub from: Place,

    /// Where they go: a data directory that no host uses, created if missing, or
    /// s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR|URL")]
    pub to: Place,

    /// Replace files of the same name that this command has not copied itself. Without it they are
    /// left as they are and count as failed, unless they are the same
    #[arg(long)]
    pub replace: bool,

    /// Do not read back what was copied to compare its digest; sizes and descriptions are always
    /// compared
    #[arg(long)]
    pub no_read_back: bool,

    /// How many files are copied at the same time
    #[arg(long, value_name = "N", default_value = "8", value_parser = values::positive)]
    pub parallel: u32,

    /// The file that records what was copied, so that repeating the command goes on quickly
    /// [default: one for each pair of stores, below $STATE_DIRECTORY, $XDG_STATE_HOME/coffer or
    /// ~/.local/state/coffer]
    #[arg(long, env = "COFFER_COPY_STATE", value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// URL of the service that --from is at, if it is not that of --to
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Another S3 service for --from"
    )]
    from_s3_endpoint: Option<String>,

    /// Region of the bucket of --from
    #[arg(
        long,
        value_name = "REGION",
        help_heading = "Another S3 service for --from"
    )]
    from_s3_region: Option<String>,

    /// Whether to use path-style addressing for --from
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new(),
        help_heading = "Another S3 service for --from"
    )]
    from_s3_path_style: Option<bool>,

    /// Profile of the AWS configuration files that has the credentials for --from
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Another S3 service for --from"
    )]
    from_s3_profile: Option<String>,

    /// The service of the buckets.
    #[command(flatten, next_help_heading = "S3")]
    s3: ServiceFlags,
}

/// Where files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A directory of the local engine.
    Directory(PathBuf),
    /// A prefix in a bucket.
    Bucket {
        /// Its name.
        bucket: String,
        /// May be empty.
        prefix: String,
    },
}

/// What was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a directory or s3://BUCKET/PREFIX")]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let Some(rest) = text.strip_prefix("s3://") else {
            let is_other = text.contains("://") || text.starts_with("s3:");
            return match text.is_empty() || is_other {
                true => Err(PlaceError),
                false => Ok(Self::Directory(text.into())),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || bucket.contains(['?', '#', '@', ':']) {
            return Err(PlaceError);
        }
        Ok(Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// One end of a copy.
#[derive(Debug, Clone)]
pub enum End {
    /// A directory.
    Directory(PathBuf),
    /// A bucket, and the profile with its credentials if these are not the standard ones.
    Bucket(Box<Config>, Option<String>),
}

impl Copy {
    /// Both ends.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn checked(&self) -> Result<(End, End), SettingsError> {
        let (from, to) = (self.checked_source()?, self.end(&self.to)?);
        let overlap = match (&from, &to) {
            (End::Bucket(from, _), End::Bucket(to, _)) => {
                let (one, other) = (from.prefix.to_string(), to.prefix.to_string());
                let nested = one.starts_with(&other) || other.starts_with(&one);
                from.bucket == to.bucket && from.endpoint == to.endpoint && nested
            }
            (End::Directory(from), End::Directory(to)) => match from.canonicalize() {
                Ok(from) => to.canonicalize().is_ok_and(|to| from == to),
                Err(_) => from == to,
            },
            _ => false,
        };
        match overlap {
            true => Err(SettingsError::Overlap),
            false => Ok((from, to)),
        }
    }

    fn end(&self, place: &Place) -> Result<End, SettingsError> {
        Ok(match place {
            Place::Directory(dir) => End::Directory(dir.clone()),
            Place::Bucket { bucket, prefix } => {
                let config = self.s3.checked(bucket.clone(), prefix)?;
                End::Bucket(Box::new(config), None)
            }
        })
    }

    /// If anything is said of the source's service, all of it is.
    fn checked_source(&self) -> Result<End, SettingsError> {
        let endpoint = checked_endpoint("--from-s3-endpoint", self.from_s3_endpoint.as_ref())?;
        let region = given(self.from_s3_region.as_ref());
        let profile = given(self.from_s3_profile.as_ref());
        let is_other = endpoint.is_some() || region.is_some() || self.from_s3_path_style.is_some();
        let end = self.end(&self.from)?;
        match end {
            End::Directory(_) if is_other || profile.is_some() => {
                Err(SettingsError::NoSourceBucket)
            }
            End::Bucket(config, _) if is_other => {
                let config = Config {
                    endpoint,
                    region,
                    path_style: self.from_s3_path_style.unwrap_or_default(),
                    fields: Default::default(),
                    ..*config
                };
                Ok(End::Bucket(Box::new(config), profile))
            }
            End::Bucket(config, _) => Ok(End::Bucket(config, profile)),
            end => Ok(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_prefix_in_a_bucket() {
        let bucket = |bucket: &str, prefix: &str| {
            Ok(Place::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            })
        };
        for (text, expected) in [
            ("./data", Ok(Place::Directory("./data".into()))),
            ("./s3:/a", Ok(Place::Directory("./s3:/a".into()))),
            ("s3:", Err(PlaceError)),
            ("s3:/files/a", Err(PlaceError)),
            ("s3:files", Err(PlaceError)),
            ("s3://files", bucket("files", "")),
            ("s3://files/", bucket("files", "")),
            ("s3://files/a/b/", bucket("files", "a/b/")),
            ("s3://", Err(PlaceError)),
            ("s3:///a", Err(PlaceError)),
            ("s3://key:secret@files/a", Err(PlaceError)),
            ("https://files.example.com", Err(PlaceError)),
            ("", Err(PlaceError)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
