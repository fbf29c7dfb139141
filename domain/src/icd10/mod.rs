//! The ICD-10-GM tree: which chapter and block a code belongs to, and the levels of the drill-down.

mod chapters;
pub mod code;
mod node;

pub use chapters::{CHAPTERS, Chapter};
pub use node::{Level, Node};

/// The chapter that holds a code, by its three-character category; `None` outside every chapter.
///
/// Letters are split between chapters (D48 is II, D50 is III), so the letter alone never decides.
#[must_use]
pub fn chapter_of(code: &str) -> Option<&'static Chapter> {
    let category = code.get(..3)?;
    CHAPTERS
        .iter()
        .find(|chapter| chapter.first <= category && category <= chapter.last)
}

/// The block that holds a code, e.g. `I10-I15`; `None` for codes of ranges that the catalogue leaves out.
#[must_use]
pub fn block_of(code: &str) -> Option<&'static str> {
    let category = code.get(..3)?;
    chapter_of(code)?
        .blocks
        .iter()
        .copied()
        .find(|block| block_first(block) <= category && category <= block_last(block))
}

/// First category of a block as written.
#[must_use]
pub fn block_first(block: &str) -> &str {
    block.split('-').next().unwrap_or(block)
}

/// Last category of a block as written; a block of one category ends where it starts.
#[must_use]
pub fn block_last(block: &str) -> &str {
    block.rsplit('-').next().unwrap_or(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapter_edges_follow_the_ranges_not_the_letter() {
        let number = |code| chapter_of(code).map(|chapter| chapter.number);
        assert_eq!(number("D48.9"), Some("II"));
        assert_eq!(number("D50.0"), Some("III"));
        assert_eq!(number("D90"), Some("III"));
        assert_eq!(number("H59.9"), Some("VII"));
        assert_eq!(number("H60"), Some("VIII"));
        assert_eq!(number("U07.1"), Some("XXII"));
        assert_eq!(number("E91"), None);
        assert_eq!(number("I1"), None);
        assert_eq!(number("İ10"), None);
    }

    #[test]
    fn every_block_lies_in_its_chapter_and_blocks_do_not_overlap() {
        let mut count = 0;
        for chapter in &CHAPTERS {
            let mut previous = "";
            for block in chapter.blocks {
                assert!(
                    chapter.first <= block_first(block) && block_last(block) <= chapter.last,
                    "{block}"
                );
                assert!(previous < block_first(block), "{block}");
                assert_eq!(block_of(block_first(block)), Some(*block));
                previous = block_last(block);
                count += 1;
            }
        }
        assert_eq!(count, 243);
    }

    #[test]
    fn a_code_of_a_removed_range_has_a_chapter_but_no_block() {
        assert_eq!(block_of("B99"), Some("B99"));
        assert_eq!(block_of("I10.00"), Some("I10-I15"));
        assert_eq!(chapter_of("A91").map(|chapter| chapter.number), Some("I"));
        assert_eq!(block_of("A91"), None);
    }
}
