//! Sluice behind a real nginx with the shipped files.

#[expect(dead_code, reason = "each test binary uses a part of it")]
mod support;

use support::proxy::Kind;

crate::behind!(Kind::Nginx);

/// The blocks of the pages that Sluice started from.
mod pages {
    use crate::support::pages;

    #[test]
    fn pytorrents_block_works_with_the_address_changed() {
        pages::pytorrents_block_works_with_the_address_changed();
    }

    #[test]
    fn a_client_gains_nothing_by_what_the_blocks_leave_to_it() {
        pages::a_client_gains_nothing_by_what_the_blocks_leave_to_it();
    }

    #[test]
    fn amutorrents_authelia_block_works_with_the_address_changed() {
        pages::amutorrents_authelia_block_works_with_the_address_changed();
    }

    #[test]
    fn amutorrents_authentik_block_works_with_the_line_that_the_log_names() {
        pages::amutorrents_authentik_block_works_with_the_line_that_the_log_names();
    }
}
