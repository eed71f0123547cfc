//! The question to a deciding component that has to wait for a file's size: without it, leaving
//! out the size would be a way around its answer.

use borsh::{BorshDeserialize, BorshSerialize};

use super::Store;
use super::asked::{Answer, Asker, Content, IS_ASKED, Question};
use crate::area::Area;
use crate::fields::ContentType;
use crate::policy::Operation;
use crate::problem::Problem;
use crate::url::Name;

/// A question that waits for the size of a file, as plain data: it outlives the instance that
/// decided the rest.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct OnceSized {
    asker: Asker,
    /// Those that were permitted.
    operations: Vec<Operation>,
    area: Area,
    name: Name,
    content_type: String,
}

impl Store<'_> {
    /// What is asked about a file of this type once its size is known; nothing if it is known
    /// already, or if nobody is asked.
    pub(crate) fn once_sized(
        &self,
        content_type: &ContentType,
        length: Option<u64>,
    ) -> Option<OnceSized> {
        if !IS_ASKED || length.is_some() {
            return None;
        }
        Some(OnceSized {
            asker: self.asker.clone()?,
            operations: self.permitted().collect(),
            area: self.area(),
            name: self.name.clone(),
            content_type: content_type.as_str().to_owned(),
        })
    }
}

impl OnceSized {
    /// Asks about a file of this size.
    ///
    /// # Errors
    /// [`Problem::Overruled`].
    pub(crate) fn check(&self, size: u64) -> Result<(), Problem> {
        let content = Content {
            size: Some(size),
            content_type: Some(&self.content_type),
        };
        let operations = self.operations.iter().copied();
        ask_again(&self.asker, operations, (self.area, &self.name), content)
    }
}

/// Asks once more about what was permitted, since more is known by now.
///
/// # Errors
/// [`Problem::Overruled`] if one of them is denied.
pub(super) fn ask_again(
    asker: &Asker,
    operations: impl IntoIterator<Item = Operation>,
    (area, name): (Area, &Name),
    content: Content<'_>,
) -> Result<(), Problem> {
    for operation in operations {
        let question = Question {
            operation,
            area,
            name: name.as_str(),
            content,
        };
        if let Answer::Deny(reason) = asker.ask(question) {
            return Err(Problem::Overruled(reason));
        }
    }
    Ok(())
}
