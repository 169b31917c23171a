//! Forms of values that several sections share, each with the fix that a bad one needs.

use std::path::PathBuf;
use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use actix_web::http::header::HeaderName;
use cidr::IpCidr;
use url::Url;

use crate::{
    policy::{
        app::HostEntry,
        origin::{Origin, parse_authority},
    },
    proxy::headers,
};

/// The private networks: loopback, RFC 1918, unique local and link-local addresses.
pub(super) const PRIVATE: [&str; 7] =
    ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10"];

/// `true` or `false`.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// A whole number within `range`.
pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("is no whole number from {} to {}", range.start(), range.end()))
    }
}

/// A time such as `30s`, `15m`, `24h` or `30d`, within `range` of seconds.
pub(super) fn duration(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| {
        let wrong = || {
            let (start, end) = (in_words(*range.start()), in_words(*range.end()));
            format!("is no time from {start} to {end}; write it like {}", examples(&range))
        };
        // Nothing is nothing in every unit.
        if text == "0" && range.contains(&0) {
            return Ok(Duration::ZERO);
        }
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        let total = count.checked_mul(seconds).filter(|total| range.contains(total)).ok_or_else(wrong)?;
        Ok(Duration::from_secs(total))
    }
}

/// A time in the largest unit that it is a whole number of.
fn in_words(seconds: u64) -> String {
    let units = [(31_536_000, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let whole = |(length, _): &(u64, _)| seconds > 0 && seconds.is_multiple_of(*length);
    let (length, unit) = units.into_iter().find(whole).unwrap_or((1, "second"));
    match seconds / length {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

/// Times of several units that lie within `range`.
fn examples(range: &RangeInclusive<u64>) -> String {
    let all = [(2, "2s"), (30, "30s"), (900, "15m"), (86_400, "24h"), (2_592_000, "30d")];
    let within: Vec<_> = all.iter().filter(|(time, _)| range.contains(time)).map(|(_, text)| *text).collect();
    match within.as_slice() {
        [] => format!("{}s", range.end()),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// A folder that is there.
pub(super) fn existing_folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err("is no folder; make it, or correct the path".to_owned()) }
}

/// A host, with a port where only that counts.
pub(super) fn host(text: &str) -> Result<HostEntry, String> {
    parse_authority(text).ok_or_else(|| "is no host; write it like sonarr.example.com or nas:8989".to_owned())
}

/// A header's name that says nothing to Sluice already.
pub(super) fn header(text: &str) -> Result<HeaderName, String> {
    let taken = |name: &HeaderName| {
        let name = name.as_str();
        ["x-original-", "x-sluice-", "sec-"].iter().any(|start| name.starts_with(start))
            || (name.starts_with("x-auth-") && headers::OWNED.contains(&name))
            || matches!(
                name,
                "authorization" | "connection" | "cookie" | "host" | "origin" | "referer" | "x-api-key"
            )
            || matches!(
                name,
                "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "x-forwarded-uri"
            )
            || name == "x-forwarded-method"
    };
    match HeaderName::try_from(text) {
        Ok(name) if !taken(&name) && !name.as_str().contains('_') => Ok(name),
        _ => {
            Err("is no header that can name a user; write it like Remote-User or X-Forwarded-User".to_owned())
        }
    }
}

/// The same, but for one that is the whole world.
pub(super) fn bounded_network(text: &str) -> Result<IpCidr, String> {
    let network = network(text)?;
    if network.network_length() == 0 {
        return Err("is every address on earth; name a network of your own".to_owned());
    }
    Ok(network)
}

/// An absolute address of the web.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| {
            "is no address; write it like https://auth.example.com or http://127.0.0.1:3000".to_owned()
        })
}

/// An origin such as `https://nas.example.com:8443`.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    Origin::parse(text)
        .ok_or_else(|| "is no origin; write it like https://nas.example.com or http://nas:8080".to_owned())
}

/// A network in CIDR form, or a single address. An IPv4 address inside IPv6 counts as IPv4.
pub(super) fn network(text: &str) -> Result<IpCidr, String> {
    let wrong =
        |what: &str| format!("is no network ({what}); write it like 192.168.1.0/24, 10.1.2.3 or fd00::/8");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong("the address is wrong"))?;
    let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => bits,
        Some(prefix) => prefix
            .parse()
            .ok()
            .filter(|&length: &u8| length <= bits && length.to_string() == prefix)
            .ok_or_else(|| wrong("the prefix length is wrong"))?,
    };
    let (canonical, prefix) = match (address, address.to_canonical()) {
        (IpAddr::V6(_), mapped @ IpAddr::V4(_)) => {
            (mapped, prefix.checked_sub(96).ok_or_else(|| wrong("it spans more than the IPv4 addresses"))?)
        }
        (address, _) => (address, prefix),
    };
    IpCidr::new(canonical, prefix).map_err(|_| wrong("the address has bits behind the prefix"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_is_canonical() {
        for (text, shown) in [
            ("127.0.0.0/8", "127.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3"),
            ("::1", "::1"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_bad_network_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            " 10.0.0.0/8",
            "127.1",
            "010.0.0.1",
            "10.0.0.0/08",
            "10.0.0.1/8",
            "::ffff:10.0.0.0/8",
            "nas",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8 ",
            "::/129",
        ] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_has_a_unit_and_a_range() {
        let read = duration(1..=3_600);
        for (text, seconds) in [("30s", 30), ("15m", 900), ("1h", 3_600)] {
            assert_eq!(read(text).unwrap().as_secs(), seconds);
        }
        for text in ["", "30", "0s", "2h", "-1m", "1.5h", "h", "99999999999999999999d", "１h"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_the_range_in_words_and_examples_within_it() {
        for (range, told) in [
            (60..=31_536_000, "from 1 minute to 1 year; write it like 15m, 24h or 30d"),
            (1..=30, "from 1 second to 30 seconds; write it like 2s or 30s"),
            (0..=3_600, "from 0 seconds to 1 hour; write it like 2s, 30s or 15m"),
            (86_400..=315_360_000, "from 1 day to 10 years; write it like 24h or 30d"),
            (5..=7, "from 5 seconds to 7 seconds; write it like 7s"),
            (900..=5_400, "from 15 minutes to 90 minutes; write it like 15m"),
        ] {
            assert_eq!(duration(range)("5x").unwrap_err(), format!("is no time {told}"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,40}") {
            let _ = (network(&text), duration(0..=1)(&text), origin(&text), number(0..=9_u8)(&text), flag(&text));
        }
    }
}
