//! What must hold behind every proxy. `behind!` makes a test of each, so that no proxy can miss one.

/// A test of every scenario behind one kind of proxy.
#[macro_export]
macro_rules! behind {
    ($kind:expr) => {
        $crate::behind!($kind, identity:
            the_app_receives_exactly_the_ten_headers,
            an_administrator_is_named_with_every_capability,
            each_app_is_named_by_the_proxy_and_not_by_the_client,
            forged_identity_headers_are_replaced,
            forged_identity_headers_open_nothing,
            aliases_of_identity_headers_do_not_reach_the_app,
            a_connection_header_cannot_remove_the_identity,
            descriptions_of_the_request_by_the_client_are_ignored,
            an_original_method_from_the_client_does_not_pass_the_origin_rule,
            an_absolute_request_line_decides_alone_which_host_is_meant,
            keys_in_the_query_open_nothing,
            the_query_reaches_the_app_as_it_was_sent,
            the_session_cookie_is_kept_from_the_app,
            odd_methods_without_a_session_never_reach_the_app,
            conditional_and_range_headers_open_nothing,
            the_verify_address_is_no_way_in,
        );
        $crate::behind!($kind, upgrades:
            no_protocol_but_websocket_is_switched_to,
            a_handshake_without_a_key_is_a_websocket_all_the_same,
            an_app_that_speaks_http2_gets_no_request_that_sluice_was_not_asked_about,
            a_websocket_of_before_the_standard_is_held_to_the_rules_of_one,
        );
        $crate::behind!($kind, judged:
            the_app_gets_what_was_judged_with_shipped_lines,
            the_app_gets_what_was_judged_with_written_lines,
            the_app_gets_what_was_judged_of_http2,
            a_path_that_holds_a_key_is_nobodys,
        );
        $crate::behind!($kind, own_headers:
            headers_of_an_apps_own_are_sluices_with_written_lines,
            a_clients_copy_of_an_apps_own_header_is_refused_with_shipped_lines,
        );
        $crate::behind!($kind, capabilities:
            a_route_needs_its_capability,
            another_spelling_of_a_route_opens_nothing,
            a_refusal_names_what_is_missing_to_people_and_programs,
            a_public_path_reaches_the_app_as_nobody,
            the_apps_own_credential_takes_the_place_of_the_clients,
        );
        $crate::behind!($kind, access:
            a_signed_out_navigation_is_led_to_the_sign_in_page,
            the_way_back_keeps_the_whole_query,
            a_program_without_a_session_gets_401_and_no_redirect,
            signing_in_at_the_edge_leads_back_to_the_page_asked_for,
            a_wrong_password_shows_the_sign_in_page_again,
            signing_out_holds_for_the_next_request,
            a_websocket_opens_with_the_session_and_carries_messages,
            a_websocket_without_a_session_is_refused_with_401,
            a_websocket_from_a_foreign_origin_is_refused_with_403,
            a_post_of_20_megabytes_passes,
            a_post_from_a_foreign_origin_is_refused_with_its_reason,
            the_apps_own_statuses_reach_the_client,
            a_portal_form_over_16_kilobytes_is_refused,
            an_app_may_ask_whose_ten_thousand_items_are_but_nothing_without_end,
            without_sluice_nothing_reaches_the_app,
            one_sign_in_serves_every_subdomain,
            the_portal_of_its_own_host_is_used_from_no_apps_host,
            qbittorrent_answers_those_who_are_signed_in,
            who_may_add_and_look_adds_a_torrent_and_cannot_delete_it,
            the_portal_pages_are_served_through_the_proxy,
            a_wait_after_failures_reaches_the_client,
        );
        $crate::behind!($kind, ways_in:
            each_way_in_names_the_user_and_nothing_else_reaches_the_app,
            whoever_needs_no_credential_is_named_all_the_same,
            a_user_of_another_provider_is_named_and_their_cookie_goes_on,
            a_forged_sso_header_opens_nothing_with_the_shipped_lines,
            a_forged_sso_header_opens_nothing_on_a_host_of_its_own,
            an_sso_header_counts_only_beside_the_secret_of_the_proxy_in_front,
            what_a_client_writes_beside_a_proven_name_has_no_effect,
            a_key_opens_no_more_than_it_is_for,
            clients_are_refused_in_the_form_that_they_know,
            credentials_that_are_the_apps_own_reach_it,
            a_preflight_passes_for_listed_origins_only,
        );
        $crate::behind!($kind, live:
            narrowed_rights_close_the_users_websockets_at_once_and_nobody_elses,
            an_ended_session_closes_its_websocket_at_once,
            a_disabled_user_loses_their_websocket_at_once,
            a_revoked_key_loses_its_websocket_at_once,
            an_app_that_lost_the_stream_catches_up_with_its_last_event,
        );
        $crate::behind!($kind, person:
            on_one_host_the_person_in_the_browser_is_the_person_in_the_app,
            with_a_portal_host_the_person_in_the_browser_is_the_person_in_the_app,
            a_cookie_from_before_is_nobodys,
            a_websocket_is_the_persons_whose_the_cookies_are,
            a_browser_that_keeps_no_cookies_is_told_so_and_not_led_round,
            a_program_that_keeps_no_cookies_is_not_led_anywhere,
        );
        $crate::behind!($kind, written:
            the_lines_that_sluice_writes_protect_an_app,
            a_look_at_the_proxy_tells_good_lines_from_bad_ones,
            a_look_at_the_proxy_finds_a_header_of_sso_that_clients_can_write,
        );
    };
    ($kind:expr, $module:ident: $($scenario:ident),* $(,)?) => {
        $(
            #[test]
            fn $scenario() {
                $crate::support::$module::$scenario($kind);
            }
        )*
    };
}
