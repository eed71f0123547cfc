//! Values of flags, with errors that say what is expected.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::str::FromStr;

use ipnet::IpNet;

/// What was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A time.
    #[error("expected a time with its unit, such as 10s, 5m or 1h 30m")]
    Time,
    /// A time, or none.
    #[error("expected a time with its unit, such as 10s, 5m or 1h 30m, or forever")]
    TimeOrForever,
    /// A number of bytes.
    #[error("expected a size, such as 64KiB, 5GiB or 20MB")]
    Size,
    /// An address to listen on.
    #[error("expected ADDR:PORT with an IP address, such as {meant} or [::1]:8080")]
    Address {
        /// What was probably intended.
        meant: String,
    },
    /// The same, or none.
    #[error("expected ADDR:PORT with an IP address, such as {meant} or [::1]:8080, or off")]
    AddressOrOff {
        /// What was probably intended.
        meant: String,
    },
    /// More than 0.
    #[error("must be at least 1")]
    Zero,
    /// A number.
    #[error("expected a whole number from 1 to {max}", max = u32::MAX)]
    Number,
    /// A part of all.
    #[error("expected a share from 0% to 100%, such as 5% or 0.1%")]
    Share,
    /// A network.
    #[error("expected an address or a network such as 10.0.0.0/8")]
    Network,
    /// A claim.
    #[error("expected NAME=VALUE, such as department=hr")]
    Claim,
    /// Another claim.
    #[error("this claim is set by {0}")]
    ClaimOf(&'static str),
}

impl ValueError {
    /// The same, where `off` is accepted too.
    pub fn or_off(self) -> Self {
        match self {
            Self::Address { meant } => Self::AddressOrOff { meant },
            other => other,
        }
    }
}

/// A time with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(humantime::Duration);

/// How long to wait for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until it is there.
    Forever,
    /// Until then.
    UpTo(std::time::Duration),
}

impl FromStr for Wait {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "forever" => Ok(Self::Forever),
            text => match text.parse::<Duration>() {
                Ok(time) => Ok(Self::UpTo(time.into())),
                Err(_) => Err(ValueError::TimeOrForever),
            },
        }
    }
}

/// A part of all, given in percent: 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl FromStr for Share {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let percent = text.strip_suffix('%').ok_or(ValueError::Share)?;
        let percent: f64 = percent.trim().parse().map_err(|_| ValueError::Share)?;
        if (0.0..=100.0).contains(&percent) {
            Ok(Self(percent / 100.0))
        } else {
            Err(ValueError::Share)
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(bytesize::ByteSize);

impl FromStr for Duration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.parse().map(Self);
        parsed.map_err(|_| ValueError::Time)
    }
}

impl FromStr for ByteSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.parse().map(Self);
        parsed.map_err(|_| ValueError::Size)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0.into()
    }
}

impl Deref for ByteSize {
    type Target = bytesize::ByteSize;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address to listen on.
pub fn address(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| {
        let port = text.trim_start_matches(':');
        let meant = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}"),
            _ if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
            _ => "127.0.0.1:8080".to_owned(),
        };
        ValueError::Address { meant }
    })
}

/// A number that is not 0.
pub fn positive(text: &str) -> Result<u32, ValueError> {
    match text.parse() {
        Ok(0) => Err(ValueError::Zero),
        Ok(number) => Ok(number),
        Err(_) => Err(ValueError::Number),
    }
}

/// A network, or one address.
pub fn network(text: &str) -> Result<IpNet, ValueError> {
    let address = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(address)
        .map_err(|_| ValueError::Network)
}

/// `NAME=VALUE`, for a claim that no other flag sets.
pub fn claim(text: &str) -> Result<(String, String), ValueError> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or(ValueError::Claim)?;
    Err(ValueError::ClaimOf(match name {
        "sub" => "--user",
        "org_id" => "--org",
        "roles" => "--role",
        "exp" => "--expires-in",
        "iss" | "aud" | "iat" | "nbf" | "jti" => "development mode",
        _ => return Ok((name.to_owned(), value.to_owned())),
    }))
}
