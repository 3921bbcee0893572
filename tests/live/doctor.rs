//! `triage doctor` against the stand-in: who, clock, where, what we may, which logs; and nothing changed.

use crate::stand::Stand;

#[test]
fn doctor_says_where_we_get_to_and_changes_nothing() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();
    let (accounts, regions) = (stand.list("accounts").join(","), stand.list("regions").join(","));
    let done =
        stand.run(&mut stand.command(&["doctor", "-v", "--accounts", &accounts, "--regions", &regions]));
    assert!(matches!(done.code, Some(0 | 3)), "{:?}: {}{}", done.code, done.out, done.err);
    for head in ["SELF   ", "WHO    ", "CLOCK  ", "WHERE  ", "MAY    ", "LOGS   ", "BLIND  "] {
        assert!(done.out.lines().any(|line| line.starts_with(head)), "{head}: {}", done.out);
    }
    for account in stand.list("accounts") {
        let named =
            |head: &str| done.out.lines().any(|line| line.starts_with(head) && line.contains(&account));
        assert!(named("WHERE  ") && named("MAY    "), "{account}: {}", done.out);
    }
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a doctor changes nothing");
}
