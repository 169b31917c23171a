//! Forms of values that several sections share, each with the fix that a bad one needs.

use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use cidr::IpCidr;

use crate::policy::origin::Origin;

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
        let wrong =
            || format!("is no time from {}s to {}s such as 30s, 15m, 24h or 30d", range.start(), range.end());
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

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC{0,40}") {
            let _ = (network(&text), duration(0..=1)(&text), origin(&text), number(0..=9_u8)(&text), flag(&text));
        }
    }
}
