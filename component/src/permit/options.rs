//! How a file is created under a permit to store.

use super::Store;
use super::asked::Content;
use super::once_sized::ask_again;
use super::uploader::Uploader;
use crate::bindings::coffer::storage::blobs::{CreateOptions, Error};
use crate::fields::ContentType;
use crate::fields::conditions::unconditional;
use crate::policy::Operation;
use crate::problem::Problem;

impl Store<'_> {
    /// How a file of this type is created, as far as the permit decides it: everything but
    /// the conditions and the digest of the request. `length` is the announced size.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] for a type that is not accepted here,
    /// [`Problem::TooLarge`] if the announced size is over the limit; [`Problem::Overruled`].
    pub(crate) fn options(
        &self,
        content_type: &ContentType,
        length: Option<u64>,
    ) -> Result<CreateOptions, Problem> {
        self.check_type(content_type)?;
        let max_size = self.max_size();
        if length.is_some_and(|length| length > max_size) {
            return Err(self.refusals().problem(Error::TooLarge));
        }
        self.ask(Content {
            size: length,
            content_type: Some(content_type.as_str()),
        })?;
        Ok(CreateOptions {
            content_type: content_type.as_str().to_owned(),
            uploader: self.uploader().map(str::to_owned),
            metadata: Vec::new(),
            may_create: self.may_create(),
            may_replace: self.may_replace(),
            conditions: unconditional(),
            max_size,
            announced: length,
            sha256: None,
        })
    }

    /// The maximum size of a file, in bytes.
    pub(crate) fn max_size(&self) -> u64 {
        let max_size = self.limits.max_file_size();
        let of_link = self.narrowed.max_size;
        of_link.map_or(max_size, |of_link| max_size.min(of_link.get()))
    }

    /// Which of creating and replacing is permitted.
    pub(super) fn permitted(&self) -> impl Iterator<Item = Operation> {
        let permitted = [
            (Operation::Create, self.create.is_ok()),
            (Operation::Replace, self.replace.is_ok()),
        ];
        let permitted = permitted.into_iter().filter(|(_, permitted)| *permitted);
        permitted.map(|(operation, _)| operation)
    }

    fn ask(&self, content: Content<'_>) -> Result<(), Problem> {
        match &self.asker {
            Some(asker) => ask_again(asker, self.permitted(), (self.area(), &self.name), content),
            None => Ok(()),
        }
    }

    fn check_type(&self, content_type: &ContentType) -> Result<(), Problem> {
        let content_type = content_type.as_str();
        let of_area = (!self.limits.takes(content_type)).then(|| self.limits.content_types());
        let of_link = self.narrowed.content_types.as_deref();
        let of_link = of_link.filter(|list| !list.iter().any(|range| range.takes(content_type)));
        let Some(accepted) = of_area.or(of_link) else {
            return Ok(());
        };
        let accepted: Vec<String> = accepted.iter().map(ToString::to_string).collect();
        Err(Problem::UnsupportedMediaType(format!(
            "files of type {content_type} are not accepted here, only {}",
            accepted.join(", ")
        )))
    }

    /// Who is recorded as having stored the file.
    pub(super) fn uploader(&self) -> Option<&str> {
        self.uploader.as_ref().map(Uploader::as_str)
    }
}
