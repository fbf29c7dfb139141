//! Files that values name: what they are for, what they may be, which sizes of a picture there are.

/// Longest name, characters.
pub const LONGEST_NAME: usize = 230;

/// The name of a file that brings none.
const UNTITLED: &str = "untitled";

/// The media type of a file that brings none, or one that is none.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What a file is for, as DHIS2 calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Value of an event or of a tracked entity.
    DataValue,
    /// What DHIS2 sends by mail.
    PushAnalysis,
    /// Document for everybody.
    Document,
    /// What hangs on a message.
    MessageAttachment,
    /// Picture of a person with an account.
    UserAvatar,
    /// Picture of an org unit.
    OrgUnit,
    /// Picture that stands for something in forms.
    Icon,
}

impl Domain {
    /// Every one.
    pub const ALL: [Domain; 7] = [
        Domain::DataValue,
        Domain::PushAnalysis,
        Domain::Document,
        Domain::MessageAttachment,
        Domain::UserAvatar,
        Domain::OrgUnit,
        Domain::Icon,
    ];

    /// DHIS2's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Domain::DataValue => "DATA_VALUE",
            Domain::PushAnalysis => "PUSH_ANALYSIS",
            Domain::Document => "DOCUMENT",
            Domain::MessageAttachment => "MESSAGE_ATTACHMENT",
            Domain::UserAvatar => "USER_AVATAR",
            Domain::OrgUnit => "ORG_UNIT",
            Domain::Icon => "ICON",
        }
    }

    /// The one with a name; `None` when DHIS2 has none of that name that people send.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Domain::ALL.into_iter().find(|domain| domain.name() == name)
    }

    /// Whether smaller copies are made of its pictures.
    #[must_use]
    pub fn has_copies(self) -> bool {
        matches!(
            self,
            Domain::DataValue | Domain::UserAvatar | Domain::OrgUnit
        )
    }

    /// Whether it takes nothing but pictures.
    #[must_use]
    pub fn is_of_pictures(self) -> bool {
        matches!(self, Domain::UserAvatar | Domain::OrgUnit | Domain::Icon)
    }

    /// Whether a file that belongs to no object is for everybody who signs in.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Domain::Document | Domain::OrgUnit | Domain::Icon)
    }

    /// Whether a file is handed out by its own identifier; others are asked for by what names them.
    #[must_use]
    pub fn is_served_by_itself(self) -> bool {
        !matches!(self, Domain::DataValue | Domain::PushAnalysis)
    }
}

/// A size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// As it was sent.
    Original,
    /// For lists.
    Small,
    /// For forms.
    Medium,
    /// For a screen.
    Large,
}

impl Dimension {
    /// The copies, largest first.
    pub const COPIES: [Dimension; 3] = [Dimension::Large, Dimension::Medium, Dimension::Small];

    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Original => "ORIGINAL",
            Dimension::Small => "SMALL",
            Dimension::Medium => "MEDIUM",
            Dimension::Large => "LARGE",
        }
    }

    /// The one with a name, in letters of any case; `None` when there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Dimension::COPIES.into_iter().chain([Dimension::Original]);
        all.find(|dimension| dimension.name().eq_ignore_ascii_case(name))
    }

    /// Width, pixels; `None` for that of the picture.
    #[must_use]
    pub fn width(self) -> Option<u32> {
        match self {
            Dimension::Original => None,
            Dimension::Small => Some(256),
            Dimension::Medium => Some(512),
            Dimension::Large => Some(1024),
        }
    }
}

/// A picture that smaller copies can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl Picture {
    /// The kind of picture that a media type names; `None` for every other file.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        match essence(media_type).as_str() {
            "image/png" => Some(Picture::Png),
            "image/jpeg" | "image/jpg" => Some(Picture::Jpeg),
            _ => None,
        }
    }
}

/// Whether an identifier may be given to a file. DHIS2 takes ones that begin with a digit here.
#[must_use]
pub fn is_valid_uid(text: &str) -> bool {
    text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The name under which a file is kept: without the folders that some browsers send, and without control characters, which
/// no header can carry.
#[must_use]
pub fn name_of(sent: Option<&str>) -> String {
    let name = sent.unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    match name.trim() {
        "" => UNTITLED.to_owned(),
        name => name.to_owned(),
    }
}

/// The media type under which a file is kept: what was sent, where that is one.
#[must_use]
pub fn media_type_of(sent: Option<&str>) -> String {
    let sent = sent.unwrap_or_default().trim();
    let (kind, parameters) = sent.split_once(';').unwrap_or((sent, ""));
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_type = kind
        .trim()
        .split_once('/')
        .is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    let is_printable = parameters
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    match is_type && is_printable && sent.len() <= 255 {
        true => sent.to_owned(),
        false => UNKNOWN_TYPE.to_owned(),
    }
}

/// Media types that are not kept: pages, scripts and programs.
const BLOCKED_TYPES: [&str; 17] = [
    "text/html",
    "application/xhtml+xml",
    "text/css",
    "text/javascript",
    "application/javascript",
    "font/otf",
    "application/x-shockwave-flash",
    "application/vnd.debian.binary-package",
    "application/x-rpm",
    "application/java-archive",
    "application/x-ms-dos-executable",
    "application/vnd.microsoft.portable-executable",
    "application/vnd.apple.installer+xml",
    "application/vnd.mozilla.xul+xml",
    "application/x-httpd-php",
    "application/x-sh",
    "application/x-csh",
];

/// Endings of names that are not kept.
const BLOCKED_ENDINGS: [&str; 21] = [
    "html", "htm", "xhtml", "css", "js", "mjs", "otf", "swf", "deb", "rpm", "jar", "jsp", "exe",
    "msi", "mpkg", "xul", "php", "bin", "sh", "csh", "bat",
];

/// Whether a file is of a kind that is not kept.
#[must_use]
pub fn is_blocked(name: &str, media_type: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending = ending.trim().to_ascii_lowercase();
    BLOCKED_TYPES.contains(&essence(media_type).as_str())
        || BLOCKED_ENDINGS.contains(&ending.as_str())
}

/// A media type without its parameters, in small letters.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_folders_and_control_characters_and_nothing_else() {
        for (sent, kept) in [
            (None, "untitled"),
            (Some("  "), "untitled"),
            (Some("C:\\pictures\\x-ray.png"), "x-ray.png"),
            (Some("../../etc/passwd"), "passwd"),
            (Some("a\r\nSet-Cookie: b\0.png"), "a  Set-Cookie: b .png"),
            (
                Some("R\u{f6}ntgen \"links\".png"),
                "R\u{f6}ntgen \"links\".png",
            ),
        ] {
            assert_eq!(name_of(sent), kept, "{sent:?}");
        }
    }

    #[test]
    fn media_types_are_kept_as_sent_where_they_are_some() {
        for kept in ["image/png", "text/plain; charset=utf-8", "IMAGE/JPEG"] {
            assert_eq!(media_type_of(Some(kept)), kept);
        }
        let long = format!("text/plain; {}", "x".repeat(300));
        for wrong in [
            "",
            "png",
            "image/",
            "*/*",
            "image/png, text/html",
            "text/plain; a\nb",
            &long,
        ] {
            assert_eq!(
                media_type_of(Some(wrong)),
                "application/octet-stream",
                "{wrong}"
            );
        }
        assert_eq!(media_type_of(None), "application/octet-stream");
    }

    #[test]
    fn pages_scripts_and_programs_are_blocked_by_type_and_by_name() {
        for (name, media_type) in [
            ("evaluation.docx", "text/html"),
            ("a.txt", "Text/HTML; charset=utf-8"),
            ("a.HTML", "text/plain"),
            ("a.png.exe", "image/png"),
            ("a.exe ", "image/png"),
            ("a", "application/x-sh"),
        ] {
            assert!(is_blocked(name, media_type), "{name} {media_type}");
        }
        for (name, media_type) in [
            ("my_checklist.pdf", "application/pdf"),
            ("exe", "image/png"),
            ("drawing.svg", "image/svg+xml"),
        ] {
            assert!(!is_blocked(name, media_type), "{name} {media_type}");
        }
    }

    #[test]
    fn sizes_and_domains_are_found_by_their_names() {
        assert_eq!(Dimension::named("small"), Some(Dimension::Small));
        assert_eq!(Dimension::named("Original"), Some(Dimension::Original));
        assert_eq!(Dimension::named("tiny"), None);
        for domain in Domain::ALL {
            assert_eq!(Domain::named(domain.name()), Some(domain));
        }
        assert_eq!(Domain::named("JOB_DATA"), None);
        assert_eq!(Picture::of("image/JPG"), Some(Picture::Jpeg));
        assert_eq!(Picture::of("image/gif"), None);
        assert!(is_valid_uid("0123456789a") && !is_valid_uid("0123456789") && !is_valid_uid("a b"));
    }
}
