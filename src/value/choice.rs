//! Words for one of the choices of a field.

use super::options::ValueOptions;
use super::{list, restoring};
use crate::entity::{Choice, Field, fold, simplified};
use crate::message::Detail;
use crate::problem::Problem;

/// Most labels of choices that a finding lists.
const SHOWN_CHOICES: usize = 30;
/// How like a label has to be for a text that is none to be a slip of it.
const LIKE: f64 = 0.5;

/// The values of one choice, or of several where the field takes them.
///
/// # Errors
/// A text that is none of them.
pub(super) fn clean(
    field: &Field,
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if !(field.several && is_several(field, text)) {
        return choice(field, text, options, out, noticed);
    }
    for part in list::parts(text).filter(|part| !part.is_empty()) {
        let mut value = String::new();
        choice(field, part, options, &mut value, noticed)?;
        list::push(out, &value);
    }
    Ok(())
}

fn choice(
    field: &Field,
    text: &str,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    // An account may have given two of its options one name.
    let same = if field.custom { called(field, text) } else { Vec::new() };
    if same.windows(2).any(|pair| pair[0].value != pair[1].value) {
        let options = same.into_iter().map(|choice| choice.value.clone().into());
        return Err(Problem::new("option_twice").with_detail("options", Detail::List(options.collect())));
    }
    // The exact labels first: that needs no folding, and nearly every cell holds one.
    let exact = |choice: &&Choice| choice.zh == text || choice.en == text;
    let known = field.choices.iter().find(exact).or_else(|| field.choice(text));
    if let Some(choice) = known {
        if !is_own_word(choice, text) {
            // Another system's word for it, which is known, or a code: a person sees what became of it.
            noticed.push(understood(choice, text));
        }
        out.push_str(&choice.value);
        return Ok(());
    }
    // A code that became a fraction, or a word that only one of them begins with.
    let whole = text.strip_suffix(".0").and_then(|whole| field.choices.iter().find(|choice| choice.value == whole));
    // What an account's own options mean is known to that account alone.
    let beginning = || field.choice_beginning(text).filter(|_| !field.custom);
    let traditional = || simplified(text).filter(|_| !field.custom).and_then(|text| field.choice(&text));
    if let Some(choice) = whole.or_else(traditional).or_else(beginning) {
        restoring::say(options, understood(choice, text), noticed)?;
        out.push_str(&choice.value);
        return Ok(());
    }
    let labels = field.offered_choices().map(Choice::labels);
    let allowed = Detail::List(labels.take(SHOWN_CHOICES).collect());
    // An account may have hundreds of options of its own.
    let problem = match nearest(field, text).filter(|_| field.custom) {
        Some(choice) => Problem::new("not_an_option").with_detail("nearest", choice.labels()),
        None => Problem::new("not_a_choice"),
    };
    Err(problem.with_detail("allowed", allowed))
}

/// A word that was taken for a choice, and how it was written.
fn understood(choice: &Choice, written: &str) -> Problem {
    Problem::word("choice_understood")
        .with("written", crate::text::clean(written))
        .with_detail("choice", choice.labels())
}

/// Whether a text is a choice's label, case and width aside, and no other name for it.
fn is_own_word(choice: &Choice, text: &str) -> bool {
    let own = [&choice.zh, &choice.en];
    own.iter().any(|own| *own == text) || own.iter().any(|own| fold(own) == fold(text))
}

/// The choices that are called so.
fn called<'a>(field: &'a Field, text: &str) -> Vec<&'a Choice> {
    let wanted = fold(text);
    field.choices.iter().filter(|choice| fold(&choice.zh) == wanted || fold(&choice.en) == wanted).collect()
}

/// Whether a text is several choices, and not one that is called so.
fn is_several(field: &Field, text: &str) -> bool {
    list::is_list(text) && field.choice(text).is_none()
}

/// The choice whose label is most like a text that is none.
fn nearest<'a>(field: &'a Field, text: &str) -> Option<&'a Choice> {
    let wanted = fold(text);
    let likeness = |choice: &Choice| {
        let names = [&choice.zh, &choice.en].into_iter().chain(&choice.aliases).map(|name| fold(name));
        let of_name = |name: String| match !wanted.is_empty() && (name.contains(&wanted) || wanted.contains(&name)) {
            true => 1.0,
            false => strsim::normalized_damerau_levenshtein(&name, &wanted),
        };
        names.map(of_name).fold(0.0, f64::max)
    };
    let all = field.choices.iter().map(|choice| (likeness(choice), choice));
    // Of two that are as like the first is named.
    let best = all.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(likeness, _)| *likeness >= LIKE).map(|(_, choice)| choice)
}
