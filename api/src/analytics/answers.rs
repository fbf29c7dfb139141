//! Answers that are kept for those who ask the same.

use std::{any::Any, collections::HashMap, sync::Arc, time::Duration};

/// Answers kept at a time. The largest, all codes of six years, takes about a megabyte.
const MOST: usize = 64;

/// Answers of one version. When there are too many, the one goes that is worth least: what it took to find, and how long
/// nobody asked for it, weigh against each other (the rule is known as `GreedyDual`). Otherwise a minute of cheap questions
/// would drive out what takes many seconds.
#[derive(Default)]
pub struct Answers {
    version: i64,
    by_question: HashMap<String, Kept>,
    /// What the last one that went was worth. It rises, so whoever is not asked for falls behind.
    floor: Duration,
    hits: u64,
}

struct Kept {
    answer: Arc<dyn Any + Send + Sync>,
    cost: Duration,
    worth: Duration,
}

impl Answers {
    /// The answer to a question about a version.
    pub fn get<T: Send + Sync + 'static>(
        &mut self,
        version: i64,
        question: &str,
    ) -> Option<Arc<T>> {
        let kept = self.by_question.get_mut(question);
        let kept = kept.filter(|_| self.version == version)?;
        let answer = Arc::clone(&kept.answer).downcast().ok()?;
        kept.worth = self.floor + kept.cost;
        self.hits += 1;
        Some(answer)
    }

    /// Keeps an answer that took so long to find. Those of former versions go, and one of a former version is not kept.
    pub fn put(
        &mut self,
        version: i64,
        question: String,
        answer: Arc<dyn Any + Send + Sync>,
        cost: Duration,
    ) {
        if self.version < version {
            *self = Answers {
                version,
                hits: self.hits,
                ..Answers::default()
            };
        }
        if self.version != version {
            return;
        }
        let worth = self.floor + cost;
        let kept = Kept {
            answer,
            cost,
            worth,
        };
        self.by_question.insert(question, kept);
        if self.by_question.len() > MOST {
            self.drop_least();
        }
    }

    fn drop_least(&mut self) {
        let least = self.by_question.iter().min_by_key(|(_, kept)| kept.worth);
        if let Some((question, worth)) = least.map(|(name, kept)| (name.clone(), kept.worth)) {
            self.by_question.remove(&question);
            self.floor = worth;
        }
    }

    /// Questions that found an answer.
    pub fn hits(&self) -> u64 {
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(10);
    const SLOW: Duration = Duration::from_secs(1);

    fn put(answers: &mut Answers, version: i64, question: &str, answer: i32, cost: Duration) {
        answers.put(version, question.to_owned(), Arc::new(answer), cost);
    }

    fn ask_many(answers: &mut Answers, questions: usize) {
        for number in 0..questions {
            put(answers, 2, &format!("question {number}"), 0, FAST);
        }
    }

    #[test]
    fn answers_are_kept_for_their_version_and_never_too_many() {
        let mut answers = Answers::default();
        put(&mut answers, 2, "a", 1, FAST);
        assert_eq!(answers.get::<i32>(2, "a").as_deref(), Some(&1));
        assert_eq!(answers.get::<i32>(3, "a"), None);
        assert_eq!(answers.get::<String>(2, "a"), None);
        put(&mut answers, 1, "old", 0, FAST);
        assert_eq!(answers.get::<i32>(1, "old"), None);
        ask_many(&mut answers, 3 * MOST);
        assert_eq!(answers.get::<i32>(2, "a"), None);
        assert_eq!(answers.by_question.len(), MOST);
        put(&mut answers, 3, "a", 3, FAST);
        assert_eq!((answers.by_question.len(), answers.hits()), (1, 1));
    }

    #[test]
    fn what_took_long_outlives_what_did_not_but_not_for_ever() {
        let mut answers = Answers::default();
        put(&mut answers, 2, "slow", 1, SLOW);
        ask_many(&mut answers, 20 * MOST);
        assert!(answers.get::<i32>(2, "slow").is_some());
        // A hundred times as long to find, so about a hundred rounds.
        ask_many(&mut answers, 200 * MOST);
        assert!(answers.get::<i32>(2, "slow").is_none());
    }
}
