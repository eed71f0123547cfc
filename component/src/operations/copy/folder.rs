//! A folder, in steps.

use http::StatusCode;

use crate::bindings::coffer::storage::blobs::{self, CopyError, CopyOptions, Error};
use crate::http::{Answer, Response};
use crate::operations::Context;
use crate::operations::json_body::invalid;
use crate::operations::progress::{Outcome, step};
use crate::permit::{self, Copy, Copying, List, Read};
use crate::problem::Problem;
use crate::url::{CopyKind, Name, Series};

/// How many files are copied at once.
const BATCH: usize = 200;
/// How often a file is looked at that is replaced before it can be copied.
const ATTEMPTS: usize = 3;

/// Copies or moves the files of a folder.
pub(super) fn answer(
    context: &Context<'_>,
    permit: &Copying<'_, '_>,
    list: &List<'_, '_>,
    kind: CopyKind,
    from: &Name,
    to: &Name,
    cursor: Option<&str>,
) -> Result<Answer, Problem> {
    let folders = Folders::new(permit, from, to)?;
    let name = match kind {
        CopyKind::Copy => "copy",
        CopyKind::Move => "move",
    };
    let caller = permit::identity(&context.caller);
    let [source, target] = &folders.keys;
    let hiding = context.settings.cursor_key();
    let series = Series::new(
        folders.from.clone(),
        &[name, source, target, caller],
        hiding,
    );
    let after = cursor.map(|cursor| series.after(cursor)).transpose()?;
    let work = |names: &[String]| copy(permit, &folders, names);
    let progress = step(list, &series).work_through(&series, after, BATCH, work)?;
    Ok(Answer::Whole(Response::json(StatusCode::OK, &progress)))
}

/// A folder to copy, and the one for the copies.
struct Folders {
    /// With its closing `/`, as the other one.
    from: String,
    to: String,
    /// The prefixes of their keys.
    keys: [String; 2],
}

impl Folders {
    /// Refuses a folder that would be copied onto or into itself.
    fn new(permit: &Copying<'_, '_>, from: &Name, to: &Name) -> Result<Self, Problem> {
        let (from, to) = (format!("{from}/"), format!("{to}/"));
        let keys = permit.keys(&from, &to);
        Self { from, to, keys }.apart()
    }

    fn apart(self) -> Result<Self, Problem> {
        let [source, target] = &self.keys;
        if source == target {
            return Err(invalid("from and to are the same folder"));
        }
        if target.starts_with(source) {
            return Err(invalid("to is a folder within from"));
        }
        Ok(self)
    }

    /// The names of a file and of its copy.
    fn names(&self, name: &str) -> Result<(Name, Name), Problem> {
        let rest = name.strip_prefix(&self.from).ok_or(Problem::Internal)?;
        let from = Name::new(name)?;
        let to = Name::new(&[&self.to, rest].concat())?;
        let [source, target] = &self.keys;
        // It would be copied once more when its turn comes.
        if [target, rest].concat().starts_with(source) {
            return Err(invalid(
                "the copy would be within the folder that is copied",
            ));
        }
        Ok((from, to))
    }
}

/// What comes of one file.
enum File<'p> {
    /// It is still to be copied.
    Pending(Box<Copy<'p>>),
    Over(Outcome),
}

/// Copies these files, each of which is checked as if it were the only one.
fn copy(permit: &Copying<'_, '_>, folders: &Folders, names: &[String]) -> Vec<Outcome> {
    let judged = |name: &String| {
        let (from, to) = folders.names(name)?;
        permit.of(&from, &to)
    };
    let file = |name: &String| match judged(name) {
        Ok(permit) => File::Pending(Box::new(permit)),
        Err(problem) => File::Over(Err(problem)),
    };
    let mut files: Vec<File<'_>> = names.iter().map(file).collect();
    for _ in 0..ATTEMPTS {
        let (places, copies) = look(&mut files);
        if copies.is_empty() {
            break;
        }
        let copied = blobs::copy(&copies.iter().collect::<Vec<_>>());
        for (place, copied) in places.into_iter().zip(copied) {
            let File::Pending(permit) = &files[place] else {
                continue;
            };
            files[place] = File::Over(match copied {
                // One that is gone was moved or deleted meanwhile: nothing is left to do.
                Ok(_) | Err(CopyError::Source(Error::NotFound)) => Ok(()),
                Err(CopyError::Source(Error::PreconditionFailed)) => continue,
                Err(error) => Err(permit.problem(error)),
            });
        }
    }
    let outcome = |file| match file {
        File::Over(outcome) => outcome,
        File::Pending(_) => Err(Problem::SourceChanges),
    };
    files.into_iter().map(outcome).collect()
}

/// Looks at the files that are still to be copied. Returns how those are copied that may be,
/// with their places.
fn look(files: &mut [File<'_>]) -> (Vec<usize>, Vec<CopyOptions>) {
    let pending = files.iter().enumerate();
    let pending = pending.filter_map(|(place, file)| match file {
        File::Pending(permit) => Some((place, permit.read().clone())),
        File::Over(_) => None,
    });
    let (places, reads): (Vec<usize>, Vec<Read>) = pending.unzip();
    let found = permit::together(&reads, blobs::stat_many).unwrap_or_default();
    let (mut allowed, mut copies) = (Vec::new(), Vec::with_capacity(places.len()));
    for (place, found) in places.into_iter().zip(found) {
        let File::Pending(permit) = &files[place] else {
            continue;
        };
        let options = match found {
            Ok(info) => permit.options(info, true),
            Err(error) => Err(permit.unreadable(error)),
        };
        match options {
            Ok(options) => {
                allowed.push(place);
                copies.push(options);
            }
            Err(Problem::NoSource) => files[place] = File::Over(Ok(())),
            Err(problem) => files[place] = File::Over(Err(problem)),
        }
    }
    (allowed, copies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(from: &str, to: &str, areas: [&str; 2]) -> Folders {
        let key = |area: &str, folder: &str| format!("{area}/{folder}");
        Folders {
            keys: [key(areas[0], from), key(areas[1], to)],
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    #[test]
    fn a_folder_is_not_copied_onto_or_into_itself() {
        let here = ["public", "public"];
        for (from, to, areas, fine) in [
            ("a/", "b/", here, true),
            ("a/", "a/", here, false),
            ("a/", "a/b/", here, false),
            ("a/b/", "a/", here, true),
            ("a/", "ab/", here, true),
            ("a/", "A/", here, true),
            ("a/", "a/", ["public", "org/x"], true),
            ("a/", "a/b/", ["org/x", "public"], true),
        ] {
            let apart = folders(from, to, areas).apart();
            assert_eq!(apart.is_ok(), fine, "{from} {to} {areas:?}");
        }
    }

    #[test]
    fn each_copy_keeps_its_place_below_the_folder() {
        let name = |text: &str| Name::new(text).expect("a name");
        let up = folders("a/b/", "a/", ["public", "public"]);
        assert_eq!(up.names("a/b/c/d"), Ok((name("a/b/c/d"), name("a/c/d"))));
        let within = up.names("a/b/b/c");
        assert!(
            matches!(within, Err(Problem::InvalidRequest(_))),
            "{within:?}"
        );
        let elsewhere = folders("a/b/", "a/", ["user/x", "public"]);
        assert!(elsewhere.names("a/b/b/c").is_ok());

        let down = folders("a/", "aa/bb/", ["public", "public"]);
        let long = |length| format!("a/{}", "x".repeat(length));
        assert!(down.names(&long(894)).is_ok());
        for refused in [&long(895), "a/b\\c"] {
            let refused = down.names(refused);
            assert!(
                matches!(refused, Err(Problem::InvalidName(_))),
                "{refused:?}"
            );
        }
    }
}
