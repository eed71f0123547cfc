//! Media types that no client sends, since the registered name is different.

use super::{Notes, Place};
use crate::policy::source::Section;

/// What is often written, and the type that such files are sent with.
const MISNAMED: [(&str, &str); 31] = [
    ("application/doc", "application/msword"),
    ("application/excel", "application/vnd.ms-excel"),
    ("application/jpeg", "image/jpeg"),
    ("application/jpg", "image/jpeg"),
    ("application/mp4", "video/mp4"),
    ("application/png", "image/png"),
    ("application/text", "text/plain"),
    ("application/txt", "text/plain"),
    ("application/word", "application/msword"),
    ("application/x-pdf", "application/pdf"),
    ("application/xls", "application/vnd.ms-excel"),
    ("audio/m4a", "audio/mp4"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/x-mp3", "audio/mpeg"),
    ("image/ico", "image/vnd.microsoft.icon"),
    ("image/jpg", "image/jpeg"),
    ("image/pdf", "application/pdf"),
    ("image/pjpeg", "image/jpeg"),
    ("image/svg", "image/svg+xml"),
    ("image/tif", "image/tiff"),
    ("image/x-png", "image/png"),
    ("text/js", "text/javascript"),
    ("text/json", "application/json"),
    ("text/md", "text/markdown"),
    ("text/pdf", "application/pdf"),
    ("text/txt", "text/plain"),
    ("text/yml", "application/yaml"),
    ("video/avi", "video/x-msvideo"),
    ("video/mov", "video/quicktime"),
    ("video/mpg", "video/mpeg"),
    ("video/mkv", "video/x-matroska"),
];
/// Office documents, by file extension.
const OFFICE: [(&str, &str); 3] = [
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
];

/// Checks the media types that an area accepts.
pub(super) fn look(section: &Section<'_>, place: &Place, notes: &mut Notes) {
    let key = place.key("content-types");
    let types = section.texts("content-types");
    if let (true, Some(line)) = (types.is_empty(), section.line_of("content-types")) {
        notes.line(
            line,
            &format!("{key}: with an empty list, nothing can be stored"),
        );
    }
    for written in &types {
        if let Some(meant) = registered(&written.text.to_ascii_lowercase()) {
            notes.at(
                *written,
                &key,
                &format!("is not the type that such files are sent with: {meant:?}"),
            );
        }
    }
    if types.len() > 1
        && let Some(any) = types.iter().find(|written| written.text == "*/*")
    {
        notes.at(
            *any,
            &key,
            "allows every type, so the others have no effect",
        );
    }
}

fn registered(written: &str) -> Option<&'static str> {
    let named = MISNAMED.iter().find(|(name, _)| *name == written);
    let (_, subtype) = written.split_once('/')?;
    let office = || OFFICE.iter().find(|(name, _)| *name == subtype);
    named.or_else(office).map(|(_, meant)| *meant)
}
