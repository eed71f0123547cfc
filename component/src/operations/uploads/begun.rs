//! What the store keeps with an upload for the requests that continue it.

use borsh::{BorshDeserialize, BorshSerialize};

use super::preconditions::Preconditions;
use crate::area::Area;
use crate::permit::grant::Grant;
use crate::permit::link::{self, LinkPath, Verifier};
use crate::permit::{self, Store};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::token::Caller;
use crate::url::Name;

/// An upload that has begun.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Begun {
    pub(super) holder: Holder,
    /// The caller who began it, by [`permit::identity`].
    pub(super) caller: String,
    pub(super) area: Area,
    pub(super) name: Name,
    pub(super) content_type: String,
    /// Whether it may replace an existing file.
    pub(super) replaces: bool,
    pub(super) preconditions: Preconditions,
    /// Who stores it, if that is only known by the link that they get, and when that is made.
    pub(super) managed: Option<(String, u64)>,
    /// `Upload-Metadata` as it was sent.
    pub(super) upload_metadata: Option<String>,
}

/// Who may continue an upload.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::operations) enum Holder {
    /// Those whose files are in this scope.
    Area {
        /// By [`Store::mark`].
        mark: String,
    },
    /// Those who know the upload's id: it began at this link.
    Link {
        token: String,
        /// Of the file that the link is for; `None` if it is for a folder.
        basename: Option<String>,
        /// What begins in time may finish later. In seconds since 1970.
        begun_at: u64,
    },
}

impl Begun {
    /// Whether it counts among the unfinished uploads of its owner. Callers without a token, or
    /// whose token names nobody, cannot be told apart: counted as one, one of them would shut out
    /// all others.
    pub(super) fn is_counted(&self) -> bool {
        match self.holder {
            Holder::Area { .. } => !matches!(self.caller.as_str(), "" | permit::NAMELESS),
            Holder::Link { .. } => true,
        }
    }

    /// As bytes for [`Begun::read`].
    pub(super) fn note(&self) -> Vec<u8> {
        borsh::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Begun::note`] wrote.
    pub(super) fn read(note: &[u8]) -> Option<Self> {
        borsh::from_slice(note).ok()
    }

    /// The maximum size of the file, in bytes, under the policy in force now.
    pub(super) fn max_size(&self, policy: &Policy, settings: &Settings, caller: &Caller) -> u64 {
        match self.permit(policy, settings, caller) {
            Ok(permit) => permit.max_size(),
            Err(_) => {
                let limits = policy.loosest_limits(self.area, self.name.as_str());
                limits.max_file_size()
            }
        }
    }

    /// The permit to store the file, under the policy in force now.
    pub(super) fn permit<'p>(
        &self,
        policy: &'p Policy,
        settings: &Settings,
        caller: &Caller,
    ) -> Result<Store<'p>, Problem> {
        match &self.holder {
            Holder::Area { mark } => {
                let permit = permit::store(policy, caller, self.area, self.name.clone())?;
                if permit.mark() != *mark {
                    return Err(Problem::NoUpload);
                }
                if self.replaces {
                    return Ok(permit);
                }
                permit.creating_only()
            }
            Holder::Link {
                token,
                basename,
                begun_at,
            } => {
                let verifier = Verifier {
                    key: settings.link_key().ok_or(Problem::LinkInvalid)?,
                    now: *begun_at,
                    not_before: policy.links_not_before(),
                };
                let path = basename.as_deref();
                let path = path.map_or(LinkPath::Folder, LinkPath::File);
                match link::write(&verifier, token, path)? {
                    Grant::Upload(grant) => Ok(grant.into_store(policy)),
                    Grant::Drop(grant) => {
                        let (storing, _) = grant.into_storing(policy);
                        storing.of(self.name.clone())
                    }
                    Grant::Manage(grant) => Ok(grant.store(policy)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_again_what_it_was_made_of() -> Result<(), Problem> {
        let begun = Begun {
            holder: Holder::Link {
                token: "t".to_owned(),
                basename: Some("a".to_owned()),
                begun_at: 7,
            },
            caller: String::new(),
            area: Area::User,
            name: Name::new("a/b")?,
            content_type: "text/plain".to_owned(),
            replaces: true,
            preconditions: Preconditions::default(),
            managed: Some(("anonymous:x".to_owned(), 8)),
            upload_metadata: Some("filename YQ==".to_owned()),
        };
        let note = begun.note();
        assert_eq!(Begun::read(&note), Some(begun));
        for garbage in [&b""[..], b"x", &note[..note.len() - 1]] {
            assert_eq!(Begun::read(garbage), None);
        }
        Ok(())
    }
}
