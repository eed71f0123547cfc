//! What a document says about one area, and about the paths in it.

use serde::Deserialize;
use toml::Spanned;

use super::error::PolicyError;
use super::facts::Questions;
use super::fields::CacheControl;
use super::media::MediaRange;
use super::paths::{Encoder, Path, Paths};
use super::pattern::Pattern;
use super::rule::{Rule, Rules, Word, Words};
use super::source::Lines;
use super::table::TableOf;
use super::text::from_text;
use super::units::FileSize;
use super::{AreaLimits, AreaPolicy, Pointer};
use crate::area::Area;

/// The maximum length of all paths, in bytes: a remembered policy is read by every request.
pub(super) const LONGEST_PATHS: usize = 128 << 10;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct AreaSection {
    read: Option<Spanned<Words>>,
    list: Option<Spanned<Words>>,
    create: Option<Spanned<Words>>,
    replace: Option<Spanned<Words>>,
    delete: Option<Spanned<Words>>,
    #[serde(default)]
    max_file_size: FileSize,
    content_types: Option<Vec<MediaRange>>,
    pub(super) cache_control: Option<Spanned<CacheControl>>,
    #[serde(default)]
    paths: Vec<TableOf<PathSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct PathSection {
    #[serde(rename = "match")]
    pattern: Spanned<PatternText>,
    read: Option<Spanned<Words>>,
    list: Option<Spanned<Words>>,
    create: Option<Spanned<Words>>,
    replace: Option<Spanned<Words>>,
    delete: Option<Spanned<Words>>,
    max_file_size: Option<FileSize>,
    content_types: Option<Vec<MediaRange>>,
    cache_control: Option<Spanned<CacheControl>>,
}

/// A pattern that can be read, in its encoded form.
struct PatternText(Vec<u8>);

from_text!(PatternText, "a pattern such as \"departments/**\"");

impl TryFrom<String> for PatternText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Pattern::parse(&text).map(Self)
    }
}

impl AreaSection {
    /// `document` is for the line numbers. Adds what the rules and paths ask of tokens to
    /// `questions`, and takes what the paths need from `room`, in bytes.
    pub(super) fn into_area(
        self,
        area: Area,
        document: &str,
        questions: &mut Questions,
        room: &mut usize,
    ) -> Result<(AreaPolicy, Paths), PolicyError> {
        if area != Area::Public {
            let of_paths = self.paths.iter().map(|path| &path.0.cache_control);
            let mut fields = [&self.cache_control].into_iter().chain(of_paths).flatten();
            if let Some(field) = fields.next() {
                let message =
                    "cache-control is only valid in [public]; all other files are private";
                return Err(PolicyError::at(document, field.span(), message));
            }
        }
        if let Some(path) = self.paths.get(Paths::MOST) {
            let message = format!(
                "{area}.paths: an area can have at most {} paths",
                Paths::MOST
            );
            return Err(PolicyError::at(document, path.0.pattern.span(), &message));
        }
        let lines = Lines::new(document);
        let mut paths = Encoder::default();
        for TableOf(section) in self.paths {
            let span = section.pattern.span();
            let PatternText(encoded) = section.pattern.into_inner();
            let (claims, user) = Pattern::new(&encoded).questions();
            if user {
                questions.ask_user();
            }
            for pointer in claims.into_iter().map(str::to_owned) {
                questions.ask_claim(&Pointer::try_from(pointer).unwrap_or_default());
            }
            let path = Path {
                rules: Rules {
                    read: rule(&lines, section.read),
                    list: rule(&lines, section.list),
                    create: rule(&lines, section.create),
                    replace: rule(&lines, section.replace),
                    delete: rule(&lines, section.delete),
                },
                max_file_size: section.max_file_size.map(|size| size.bytes()),
                content_types: section.content_types,
                cache_control: section.cache_control.map(Spanned::into_inner),
            };
            ask(&path.rules, questions);
            let Some(left) = room.checked_sub(paths.push(&encoded, &path)) else {
                let message = format!(
                    "{area}.paths: the paths up to here take more than {LONGEST_PATHS} bytes \
                     together"
                );
                return Err(PolicyError::at(document, span, &message));
            };
            *room = left;
        }
        let rules = Rules {
            read: rule(&lines, self.read),
            list: rule(&lines, self.list),
            create: rule(&lines, self.create),
            replace: rule(&lines, self.replace),
            delete: rule(&lines, self.delete),
        };
        ask(&rules, questions);
        let area = AreaPolicy {
            rules,
            limits: AreaLimits {
                max_file_size: self.max_file_size.bytes(),
                content_types: self
                    .content_types
                    .unwrap_or_else(|| vec![MediaRange::any()]),
            },
        };
        Ok((area, paths.finish()))
    }
}

/// Adds the claims of these rules.
fn ask(rules: &Rules, questions: &mut Questions) {
    for word in rules.all().flat_map(|rule| &rule.words) {
        if let Word::Claim(pointer, _) = word {
            questions.ask_claim(pointer);
        }
    }
}

fn rule(lines: &Lines, written: Option<Spanned<Words>>) -> Option<Rule> {
    written.map(|written| Rule {
        line: line(lines, written.span().start),
        words: written.into_inner().0,
    })
}

fn line(lines: &Lines, offset: usize) -> u32 {
    u32::try_from(lines.of(offset)).unwrap_or(u32::MAX)
}
