//! Where results come from, as they are cited.

/// The version that results name.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How to cite a result of this program, after `CITATION.cff`.
pub fn citation() -> String {
    format!(
        "catholyte developers, catholyte: a digital twin of halide-sulfide hybrid cathodes for all-solid-state lithium \
         batteries, version {VERSION}. Electrodes after J. S. Kim, S. Jung, H. Kwak, Y. Han, S. Kim, J. Lim, Y. M. Lee and \
         Y. S. Jung, Synergistic halide-sulfide hybrid solid electrolytes for Ni-rich cathodes design guided by digital twin \
         for all-solid-State Li batteries, Energy Storage Materials (2022), doi 10.1016/j.ensm.2022.11.038."
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_citation_is_that_of_the_file() {
        let file = include_str!("../CITATION.cff").split_whitespace().collect::<Vec<_>>().join(" ");
        let citation = super::citation();
        let after = |key: &str, end: &str| {
            let rest = file.split(key).nth(1).unwrap();
            rest.split(end).next().unwrap().trim().trim_matches('"').to_string()
        };
        let facts = [
            after("title: ", " type:"),
            after(" version: ", " license"),
            after("title: >- ", " authors"),
            after("journal: ", " year"),
            after("doi: ", " "),
        ];
        for fact in facts {
            assert!(fact.len() > 4 && citation.contains(&fact), "{fact:?} is not in {citation:?}");
        }
    }
}
