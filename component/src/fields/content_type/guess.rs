//! Guesses the media type by a name's extension.

/// The type of a file with an unknown extension, or none.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// What the crate's table lacks, or has differently from what is registered or used. Sorted.
const CORRECTIONS: [(&str, &str); 13] = [
    ("cjs", "text/javascript"),
    ("dcm", "application/dicom"),
    ("jsonl", "application/x-ndjson"),
    // From cameras; the registered meaning, a model format, is rare.
    ("m2ts", "video/mp2t"),
    ("m4b", "audio/mp4"),
    ("mjs", "text/javascript"),
    ("mts", "video/mp2t"),
    ("ndjson", "application/x-ndjson"),
    ("sqlite", "application/vnd.sqlite3"),
    ("tgz", "application/gzip"),
    ("vcf", "text/vcard"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

/// The length of the longest extension in [`CORRECTIONS`].
const LONGEST: usize = 6;

/// The type of a file with this name, by its last extension, case-insensitively.
pub(super) fn by_name(basename: &str) -> &'static str {
    let extension = basename.rsplit_once('.').map_or("", |(_, last)| last);
    let correction = || {
        let lower = (extension.len() <= LONGEST).then(|| extension.to_ascii_lowercase())?;
        let found = CORRECTIONS.binary_search_by_key(&lower.as_str(), |(known, _)| known);
        Some(CORRECTIONS.get(found.ok()?)?.1)
    };
    correction()
        .or_else(|| new_mime_guess::from_ext(extension).first_raw())
        .unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_counts() {
        for (name, expected) in [
            ("a.png", "image/png"),
            ("a.JPG", "image/jpeg"),
            ("a.TGZ", "application/gzip"),
            ("a.tar.gz", "application/gzip"),
            ("日本語.pdf", "application/pdf"),
            ("png", UNKNOWN),
            ("a.", UNKNOWN),
            ("a.nosuchtype", UNKNOWN),
        ] {
            assert_eq!(by_name(name), expected, "{name}");
        }
    }

    #[test]
    fn types_are_the_registered_or_common_ones() {
        for (extension, expected) in [
            ("txt", "text/plain"),
            ("html", "text/html"),
            ("svg", "image/svg+xml"),
            ("json", "application/json"),
            ("wasm", "application/wasm"),
            ("mp4", "video/mp4"),
            ("webm", "video/webm"),
            ("mov", "video/quicktime"),
            ("ts", "video/mp2t"),
            ("mts", "video/mp2t"),
            ("m4a", "audio/mp4"),
            ("mp3", "audio/mpeg"),
            ("amr", "audio/amr"),
            ("flac", "audio/flac"),
            ("heic", "image/heic"),
            ("avif", "image/avif"),
            ("webp", "image/webp"),
            ("jxl", "image/jxl"),
            ("psd", "image/vnd.adobe.photoshop"),
            ("stl", "model/stl"),
            ("obj", "model/obj"),
            ("glb", "model/gltf-binary"),
            ("usdz", "model/vnd.usdz+zip"),
            ("tgz", "application/gzip"),
            ("zst", "application/zstd"),
            ("js", "text/javascript"),
            ("mjs", "text/javascript"),
            ("woff", "font/woff"),
            ("woff2", "font/woff2"),
            ("ndjson", "application/x-ndjson"),
            ("pages", "application/vnd.apple.pages"),
            ("numbers", "application/vnd.apple.numbers"),
            ("key", "application/vnd.apple.keynote"),
            ("vcf", "text/vcard"),
            ("yml", "application/yaml"),
        ] {
            assert_eq!(by_name(&format!("a.{extension}")), expected, "{extension}");
        }
    }

    #[test]
    fn the_corrections_are_found_and_needed() {
        assert!(CORRECTIONS.is_sorted());
        for (extension, expected) in CORRECTIONS {
            assert!(extension.len() <= LONGEST, "{extension}");
            assert_eq!(by_name(&format!("a.{extension}")), expected);
            let before = new_mime_guess::from_ext(extension).first_raw();
            assert_ne!(before, Some(expected), "{extension}");
        }
    }
}
