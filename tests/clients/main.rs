//! Real clients of the apps, through each proxy.

#[expect(dead_code, reason = "each test binary uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod qbittorrent;
mod qbittorrent_routes;
mod socketio;
mod sonarr;
mod torznab;
mod transmission;

/// A test of every scenario behind one kind of proxy.
macro_rules! clients {
    ($kind:expr) => {
        clients!($kind, qbittorrent:
            a_password_signs_in_and_manages_torrents,
            a_key_as_the_password_signs_in_and_manages_torrents,
            a_key_as_a_bearer_token_manages_torrents,
            a_wrong_password_does_not_sign_in,
            signing_out_ends_the_session,
            the_client_signs_in_again_when_its_session_was_ended,
            the_client_stays_out_when_its_key_was_revoked,
        );
        clients!($kind, qbittorrent_routes:
            each_route_needs_its_capability_and_reaches_the_app_with_it,
        );
        clients!($kind, sonarr:
            sonarrs_requests_with_its_cookie_are_served,
            sonarrs_requests_with_basic_beside_the_cookie_are_served,
            sonarr_is_told_that_its_password_is_wrong,
            sonarr_is_told_to_sign_in_again,
        );
        clients!($kind, socketio:
            every_transport_passes_with_a_session,
            every_transport_passes_with_a_key,
            every_transport_passes_with_a_password,
            every_transport_passes_with_the_name_that_a_proxy_in_front_sends,
            a_polling_client_is_let_go_when_its_session_was_ended,
        );
        clients!($kind, torznab:
            a_key_in_the_query_opens_the_indexer,
            a_refusal_is_torznabs_error,
        );
        clients!($kind, transmission:
            a_password_manages_torrents,
            a_key_as_the_password_manages_torrents,
            the_handshake_of_the_session_id_is_intact,
            a_wrong_password_is_refused,
            a_new_password_takes_the_place_of_the_old_one,
            a_revoked_key_is_refused,
            what_a_body_calls_decides_where_the_proxy_hands_it_over,
            the_apps_own_password_is_held_by_nobody,
        );
    };
    ($kind:expr, $module:ident: $($scenario:ident),* $(,)?) => {
        mod $module {
            $(
                #[test]
                fn $scenario() {
                    crate::$module::$scenario($kind);
                }
            )*
        }
    };
}

mod behind_nginx {
    clients!(crate::support::proxy::Kind::Nginx);
}

mod behind_traefik {
    clients!(crate::support::proxy::Kind::Traefik);

    #[test]
    fn the_first_question_alone_opens_nothing() {
        crate::transmission::the_first_question_alone_opens_nothing();
    }
}

mod behind_caddy {
    clients!(crate::support::proxy::Kind::Caddy);
}
