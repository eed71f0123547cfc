//! How browsers show downloads: inline only if they cannot run scripts.

use super::ContentType;

/// The subtypes of raster images, including unregistered names that are in use.
const RASTER_IMAGES: [&str; 14] = [
    "apng",
    "avif",
    "bmp",
    "gif",
    "heic",
    "heif",
    "jpeg",
    "jpg",
    "jxl",
    "png",
    "tiff",
    "vnd.microsoft.icon",
    "webp",
    "x-icon",
];

/// How a browser shows a file inline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Display {
    Never,
    Text,
    Image,
    /// Audio and video.
    Media,
    Pdf,
}

impl ContentType {
    /// Whether a browser may show it inline: only if it cannot run scripts.
    pub(crate) fn is_inline(&self) -> bool {
        self.display() != Display::Never
    }

    /// The `Content-Security-Policy` for a file of this type: it may only show itself,
    /// and never run scripts.
    pub(crate) fn security_policy(&self) -> &'static str {
        match self.display() {
            Display::Never | Display::Text => "default-src 'none'; sandbox",
            // Browsers wrap the image in a page with styles of their own.
            Display::Image => {
                "default-src 'none'; sandbox; img-src 'self'; style-src 'unsafe-inline'"
            }
            // Chromium's page loads the file again, which a sandboxed origin may not.
            Display::Media => {
                "default-src 'none'; sandbox allow-same-origin; media-src 'self'; \
                 style-src 'unsafe-inline'"
            }
            // A sandbox would block the viewer, which runs apart from the page and counts
            // as a plug-in.
            Display::Pdf => "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'",
        }
    }

    fn display(&self) -> Display {
        let is = str::eq_ignore_ascii_case;
        let Some((kind, subtype)) = self.essence().split_once('/') else {
            return Display::Never;
        };
        let is_xml = || subtype.to_ascii_lowercase().ends_with("+xml");
        if is(kind, "image") && RASTER_IMAGES.iter().any(|raster| is(raster, subtype)) {
            Display::Image
        } else if (is(kind, "audio") || is(kind, "video")) && !is_xml() {
            Display::Media
        } else if is(kind, "application") && is(subtype, "pdf") {
            Display::Pdf
        } else if is(kind, "text") && is(subtype, "plain") {
            Display::Text
        } else {
            Display::Never
        }
    }
}
