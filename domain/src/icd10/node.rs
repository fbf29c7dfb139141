//! Nodes of the drill-down: chapter, block, three-, four- and five-character codes.

use super::{CHAPTERS, Chapter, block_first, block_last, block_of};

/// Levels of the drill-down, from coarse to fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Chapters I to XXII.
    Chapter,
    /// Blocks such as I10-I15.
    Block,
    /// Three-character categories such as I10.
    Three,
    /// Four-character codes such as I10.0.
    Four,
    /// Five-character codes such as I10.00.
    Five,
}

impl Level {
    /// Number under which figures of the level are kept.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Level::Chapter => 1,
            Level::Block => 2,
            Level::Three => 3,
            Level::Four => 4,
            Level::Five => 5,
        }
    }

    /// The next finer level; `None` below five characters.
    #[must_use]
    pub fn below(self) -> Option<Self> {
        match self {
            Level::Chapter => Some(Level::Block),
            Level::Block => Some(Level::Three),
            Level::Three => Some(Level::Four),
            Level::Four => Some(Level::Five),
            Level::Five => None,
        }
    }
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// Its level.
    pub level: Level,
    /// Chapter number, block or code, as stored.
    pub code: String,
}

impl Node {
    /// Reads a node: a chapter number (`IX`), a block (`I10-I15`) or a code (`I10`, `I10.0`, `I10.00`).
    ///
    /// `None` when the tree has no such chapter or block, or the text is no code. A chapter number is never a code: a
    /// code has digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let node = |level| {
            Some(Node {
                level,
                code: text.to_owned(),
            })
        };
        if CHAPTERS.iter().any(|chapter| chapter.number == text) {
            return node(Level::Chapter);
        }
        if text.contains('-') {
            return CHAPTERS
                .iter()
                .any(|chapter| chapter.blocks.contains(&text))
                .then(|| node(Level::Block))?;
        }
        let bytes = text.as_bytes();
        let is_category = bytes.len() >= 3
            && bytes[0].is_ascii_uppercase()
            && bytes[1].is_ascii_digit()
            && bytes[2].is_ascii_alphanumeric();
        let rest = bytes.get(3..)?;
        let is_code = is_category
            && (rest.is_empty()
                || rest[0] == b'.' && rest[1..].iter().all(u8::is_ascii_alphanumeric));
        match (is_code, rest.len()) {
            (true, 0) => node(Level::Three),
            (true, 2) => node(Level::Four),
            (true, 3) => node(Level::Five),
            _ => None,
        }
    }

    /// First and last text, both included in byte order, of everything at or below the node: codes and blocks alike,
    /// since a block is written from its first category. (`~` sorts after every character of a code.)
    #[must_use]
    pub fn bounds(&self) -> (String, String) {
        let (first, last) = match self.level {
            Level::Chapter => {
                let chapter = CHAPTERS.iter().find(|chapter| chapter.number == self.code);
                chapter.map_or(("", ""), |chapter: &Chapter| (chapter.first, chapter.last))
            }
            Level::Block => (block_first(&self.code), block_last(&self.code)),
            _ => (self.code.as_str(), self.code.as_str()),
        };
        (first.to_owned(), format!("{last}~"))
    }

    /// The node above; `None` for a chapter and for codes that the tree does not place.
    #[must_use]
    pub fn parent(&self) -> Option<String> {
        match self.level {
            Level::Chapter => None,
            Level::Block => {
                super::chapter_of(block_first(&self.code)).map(|chapter| chapter.number.to_owned())
            }
            Level::Three => block_of(&self.code).map(str::to_owned),
            Level::Four => self.code.get(..3).map(str::to_owned),
            Level::Five => self.code.get(..5).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(text: &str) -> Node {
        Node::parse(text).unwrap_or_else(|| panic!("{text} is a node"))
    }

    #[test]
    fn texts_name_the_level() {
        let level = |text| Node::parse(text).map(|node| node.level);
        assert_eq!(level("IX"), Some(Level::Chapter));
        assert_eq!(level("I10-I15"), Some(Level::Block));
        assert_eq!(level("I10"), Some(Level::Three));
        assert_eq!(level("I10.0"), Some(Level::Four));
        assert_eq!(level("I10.00"), Some(Level::Five));
        for wrong in [
            "", "XXIII", "I10-I14", "I1", "i10", "I10.", "I10.0000", "I10 0", "Ä10", "I10.0ä",
        ] {
            assert_eq!(level(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parents_lead_to_the_chapter() {
        assert_eq!(node("I10.00").parent().as_deref(), Some("I10.0"));
        assert_eq!(node("I10.0").parent().as_deref(), Some("I10"));
        assert_eq!(node("I10").parent().as_deref(), Some("I10-I15"));
        assert_eq!(node("I10-I15").parent().as_deref(), Some("IX"));
        assert_eq!(node("IX").parent(), None);
    }

    proptest! {
        #[test]
        fn a_node_bounds_exactly_what_lies_below_it(letter in "[A-Z]", number in 0_u8..100, tail in prop::option::of(0_u8..100)) {
            let category = format!("{letter}{number:02}");
            let code = tail.map_or_else(|| category.clone(), |tail| format!("{category}.{tail:02}"));
            let inside = |bounding: &Node| { let (first, last) = bounding.bounds(); first <= code && code <= last };
            for chapter in &CHAPTERS {
                prop_assert_eq!(inside(&node(chapter.number)), super::super::chapter_of(&code).is_some_and(|own| own.number == chapter.number));
                for block in chapter.blocks {
                    prop_assert_eq!(inside(&Node { level: Level::Block, code: (*block).to_owned() }), block_of(&code) == Some(*block));
                }
            }
            prop_assert!(inside(&node(&category)) && inside(&node(&code)));
        }
    }
}
