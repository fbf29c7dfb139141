//! Reads an expression into a tree. Operators of one strength are one node with all their operands, so the tree is no deeper
//! than the text is nested.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::{
    DEEPEST, LONGEST, Problem,
    function::Function,
    token::{self, Token},
    value::Value,
};

/// An expression that was read.
#[derive(Debug, Clone)]
pub struct Expression(pub(super) Node);

/// A part of an expression.
#[derive(Clone)]
pub(super) enum Node {
    Value(Value),
    /// `#{name}` or `A{name}`.
    Variable(String),
    /// `V{name}`.
    Environment(String),
    /// `C{uid}`.
    Constant(String),
    Not(Box<Node>),
    Minus(Box<Node>),
    /// Operators of one strength, from left to right.
    Chain(Box<Node>, Vec<(Operator, Node)>),
    Call(Function, Vec<Node>),
    /// Whether a text is as a pattern says, from its first to its last character.
    Pattern(Box<Node>, Regex),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node")
    }
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Power,
}

/// The operators by strength, the weakest first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("=", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<>", Operator::Unequal),
    ],
    &[
        ("<", Operator::Less),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterOrEqual),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[
        ("*", Operator::Times),
        ("/", Operator::Divide),
        ("%", Operator::Modulo),
    ],
];

/// Largest program of a regular expression, bytes.
const PATTERN_SIZE: usize = 1 << 18;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`Problem`] when the text is none, is too long or nested too deep, or names a function that is not supported.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Ok(Expression(whole(text, 0)?))
    }
}

fn whole(text: &str, depth: usize) -> Result<Node, Problem> {
    if text.len() > LONGEST {
        return Err(Problem::TooLong);
    }
    let mut parser = Parser {
        tokens: token::read(text)?,
        next: 0,
        end: text.len(),
        depth,
    };
    let node = parser.level(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.fault("something that does not belong there")),
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).map(|(_, token)| *token)
    }

    fn fault(&self, what: &'static str) -> Problem {
        let at = self.tokens.get(self.next).map_or(self.end, |(at, _)| *at);
        Problem::Syntax { what, at: at + 1 }
    }

    /// Takes the next token when it is this symbol or word.
    fn take(&mut self, text: &str) -> bool {
        let taken = match self.peek() {
            Some(Token::Symbol(symbol)) => symbol == text,
            Some(Token::Word(word)) => word == text,
            _ => false,
        };
        self.next += usize::from(taken);
        taken
    }

    fn expect(&mut self, symbol: &str, what: &'static str) -> Result<(), Problem> {
        if self.take(symbol) {
            return Ok(());
        }
        Err(self.fault(what))
    }

    /// Operands with operators of a level or stronger ones between them.
    fn level(&mut self, level: usize) -> Result<Node, Problem> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let first = self.level(level + 1)?;
        let mut others = Vec::new();
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.take(text)) {
            others.push((*operator, self.level(level + 1)?));
        }
        Ok(match others.is_empty() {
            true => first,
            false => Node::Chain(Box::new(first), others),
        })
    }

    /// An operand with its signs. Everything that is nested passes here, so the depth is bounded here.
    fn signed(&mut self) -> Result<Node, Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Problem::TooDeep);
        }
        let node = if self.take("!") || self.take("not") {
            Node::Not(Box::new(self.signed()?))
        } else if self.take("-") {
            Node::Minus(Box::new(self.signed()?))
        } else if self.take("+") {
            self.signed()?
        } else {
            let base = self.operand()?;
            match self.take("^") {
                false => base,
                true => Node::Chain(Box::new(base), vec![(Operator::Power, self.signed()?)]),
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn operand(&mut self) -> Result<Node, Problem> {
        if self.take("(") {
            let node = self.level(0)?;
            self.expect(")", "a closing parenthesis is missing")?;
            return Ok(node);
        }
        let token = self.peek();
        let fault = self.fault("an operand is missing");
        self.next += 1;
        match token.ok_or(fault.clone())? {
            Token::Number(number) => Ok(Node::Value(Value::Number(number))),
            Token::Text(raw) => Ok(Node::Value(Value::Text(token::unescape(raw)))),
            Token::Reference('V', name) => Ok(Node::Environment(name.to_owned())),
            Token::Reference('C', name) => Ok(Node::Constant(name.to_owned())),
            Token::Reference(_, name) => Ok(Node::Variable(name.to_owned())),
            Token::Word("true") => Ok(Node::Value(Value::Boolean(true))),
            Token::Word("false") => Ok(Node::Value(Value::Boolean(false))),
            Token::Word("null") => Ok(Node::Value(Value::Null)),
            Token::Word(name) => self.call(name),
            Token::Symbol(_) => Err(fault),
        }
    }

    fn call(&mut self, name: &str) -> Result<Node, Problem> {
        let function = Function::named(name)
            .ok_or_else(|| Problem::Function(name.chars().take(60).collect()))?;
        self.expect("(", "an opening parenthesis is missing")?;
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() {
                self.expect(",", "a comma or a closing parenthesis is missing")?;
            }
            let argument = match (function, arguments.len(), self.peek()) {
                (Function::ValidatePattern, 1, _) => return self.pattern(arguments),
                // The condition is an expression in quotes.
                (Function::Condition, 0, Some(Token::Text(raw))) => {
                    self.next += 1;
                    whole(&token::unescape(raw), self.depth)?
                }
                _ => self.level(0)?,
            };
            arguments.push(argument);
        }
        if !function.takes(arguments.len()) {
            return Err(Problem::Arguments(function.name()));
        }
        Ok(Node::Call(function, arguments))
    }

    /// The pattern of `d2:validatePattern` stands in quotes, so it is read once; no value of a person becomes a pattern.
    fn pattern(&mut self, mut arguments: Vec<Node>) -> Result<Node, Problem> {
        let Some(Token::Text(raw)) = self.peek() else {
            return Err(Problem::Pattern);
        };
        self.next += 1;
        self.expect(")", "a closing parenthesis is missing")?;
        let pattern = RegexBuilder::new(&format!("^(?:{raw})$"))
            .size_limit(PATTERN_SIZE)
            .dfa_size_limit(PATTERN_SIZE)
            .nest_limit(50)
            .build()
            .map_err(|_| Problem::Pattern)?;
        let text = arguments.pop().ok_or(Problem::Pattern)?;
        Ok(Node::Pattern(Box::new(text), pattern))
    }
}
