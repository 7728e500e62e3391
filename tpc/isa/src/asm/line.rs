// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! A line of text: labels, a directive or a word, and the items of its slots.

use super::error::Fault;

/// Text with its place in the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    /// In characters, from 1.
    pub column: usize,
}

impl Piece<'_> {
    /// The piece without white space around it.
    fn trim(self) -> Self {
        let text = self.text.trim_start();
        let column = self.column + self.text.chars().count() - text.chars().count();
        Self { text: text.trim_end(), column }
    }

    /// The pieces between `separator`s.
    pub fn split(self, separator: char) -> Vec<Self> {
        let mut column = self.column;
        let pieces = self.text.split(separator).map(|text| {
            let piece = Self { text, column };
            column += text.chars().count() + 1;
            piece.trim()
        });
        pieces.collect()
    }
}

/// A word of a slot's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub text: &'a str,
    pub column: usize,
    /// A comma stands in front of it.
    pub comma: bool,
}

/// The items of a slot's text, which white space and commas separate.
pub(super) fn items(slot: Piece<'_>) -> Result<Vec<Item<'_>>, Fault> {
    let mut items = Vec::new();
    for (i, part) in slot.split(',').into_iter().enumerate() {
        if part.text.is_empty() && i > 0 {
            return Err(Fault::new(part.column, "nothing stands behind the comma"));
        }
        let mut comma = i > 0;
        for word in part.split(' ').into_iter().flat_map(|piece| piece.split('\t')) {
            if !word.text.is_empty() {
                items.push(Item { text: word.text, column: word.column, comma });
                comma = false;
            }
        }
    }
    if items.first().is_some_and(|item| item.comma) {
        return Err(Fault::new(slot.column, "nothing stands in front of the comma"));
    }
    Ok(items)
}

/// The labels of a line, and what stands behind them, without a comment.
pub(super) fn labels(line: &str) -> (Vec<Piece<'_>>, Piece<'_>) {
    let code = ["//", "#"].iter().filter_map(|mark| line.find(mark)).min().and_then(|end| line.get(..end));
    let mut rest = Piece { text: code.unwrap_or(line), column: 1 }.trim();
    let mut labels = Vec::new();
    while let Some((name, behind)) = rest.text.split_once(':').filter(|(name, _)| is_name(name.trim_end())) {
        labels.push(Piece { text: name.trim_end(), column: rest.column });
        rest = Piece { text: behind, column: rest.column + name.chars().count() + 1 }.trim();
    }
    (labels, rest)
}

/// Whether `text` can be the name of a label.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    text.starts_with(|c: char| is_part(c) && !c.is_ascii_digit()) && text.chars().all(is_part)
}
