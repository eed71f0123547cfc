//! Names of every kind, all of which Coffer's contract allows.

/// How many there are of each kind.
const EACH: usize = 100;

/// Names that have something in common, in a folder of their own.
pub struct Kind {
    /// What that is, and the folder.
    pub name: &'static str,
    /// Services are known to fail with them, so they come last.
    pub rough: bool,
    make: fn(usize) -> String,
}

impl Kind {
    /// All of them.
    pub fn names(&self) -> Vec<String> {
        let made = (0..EACH).map(self.make);
        made.map(|name| format!("{}/{name}", self.name)).collect()
    }
}

const fn tame(name: &'static str, make: fn(usize) -> String) -> Kind {
    let rough = false;
    Kind { name, rough, make }
}

const fn rough(name: &'static str, make: fn(usize) -> String) -> Kind {
    let rough = true;
    Kind { name, rough, make }
}

/// 1,500 names of fifteen kinds.
pub const KINDS: &[Kind] = &[
    tame("plain", |n| format!("file-{n:03}.txt")),
    tame("case", |n| of(&["a{}", "A{}", "Z{}", "z{}"], n)),
    tame("space", |n| of(&["a b {}", " {}", "{} ", "a  b{}"], n)),
    tame("plus", |n| of(&["a+b{}", "+{}", "{}+", "a +{}"], n)),
    tame("percent", |n| {
        of(&["{}%", "%2F{}", "%25{}", "a%20b{}", "%zz{}"], n)
    }),
    tame("latin", |n| of(&["é{}", "e\u{301}{}", "ü{}", "ß{}"], n)),
    tame("cjk", |n| of(&["日本語{}", "한국어{}", "中文{}"], n)),
    tame("emoji", |n| of(&["🎉{}", "👩‍👩‍👧{}", "🇩🇪{}"], n)),
    tame("punctuation", |n| {
        let marks = "!\"#$&'()*,-.:;<=>?@[]^_`{|}~";
        let mark = marks.chars().nth(n % marks.len()).unwrap();
        format!("{mark}{n:03}{mark}")
    }),
    tame("folders", |n| of(&["f{}/x", "f{}/y", "a/b/c{}/d"], n)),
    tame("dots", |n| of(&[".{}", "...{}", "{}.", "a..{}"], n)),
    // Where the order of UTF-16 is not that of UTF-8.
    rough("order", |n| {
        let first = [
            "~", "\u{d7ff}", "\u{e000}", "\u{ff5e}", "\u{fffd}", "𐀀", "😀",
        ];
        format!("{}{n:03}", first[n % first.len()])
    }),
    // A file beside a folder of its name, and what sorts around the slash.
    rough("beside", |n| {
        let last = ["", "/y", ".z", "-z", "0"];
        format!("x{:03}{}", n / last.len(), last[n % last.len()])
    }),
    rough("long", |n| {
        let segment = "s".repeat(800 - n);
        match n % 2 {
            0 => format!("{n:03}{segment}"),
            _ => format!("{n:03}{}", segment.replace("ssssssssss", "sssssssss/")),
        }
    }),
    // XML 1.0 cannot carry the first two, not even as character references.
    rough("noncharacters", |n| {
        of(
            &["\u{ffff}{}", "a\u{fffe}{}", "\u{fdd0}{}", "\u{10ffff}{}"],
            n,
        )
    }),
];

/// One pattern after the other.
fn of(patterns: &[&str], n: usize) -> String {
    patterns[n % patterns.len()].replace("{}", &format!("{n:03}"))
}
