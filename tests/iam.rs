//! Third-party IAM servers, each a process of its own beside Coffer: their keys, their
//! tokens, and whose files those open.

mod better_auth; // better-auth: EdDSA, keys with and without `alg`, organizations
mod browser;
mod isolation; // who reaches whose files, with the tokens of both
mod openid; // oidc-provider: discovery, RS256 and ES256, machines
mod provider;
mod rotation; // keys that change while requests run
mod unreachable; // a provider that is down when Coffer starts, or later

use browser::Browser;
use provider::Provider;
