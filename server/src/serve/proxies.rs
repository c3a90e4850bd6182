//! Who a client is when a balancer stands between: only balancers of ours are believed.

use std::net::IpAddr;

use http::HeaderMap;

/// Networks whose machines may say for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Proxies {
    /// Reads `127.0.0.1, 10.0.0.0/8, fd00::/8`.
    ///
    /// # Errors
    /// The first part that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Network::parse(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    /// The client: the last address of `X-Forwarded-For` that is no proxy of ours, as far as proxies of ours wrote
    /// it. What stands before it anybody can have made up.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let said = headers.get_all("x-forwarded-for");
        let said: Vec<&str> = said.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(',')).collect();
        let mut client = peer.to_canonical();
        for address in said.iter().rev() {
            if !self.contains(client) {
                break;
            }
            let Ok(address) = address.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let shift = |width: u8| u32::from(width - self.bits);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = u32::from(own) ^ u32::from(other);
                differs.checked_shr(shift(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = u128::from(own) ^ u128::from(other);
                differs.checked_shr(shift(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, said: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for said in said {
            headers.append("x-forwarded-for", said.parse().expect("a header"));
        }
        let proxies = Proxies::parse(trusted).expect("good networks");
        proxies.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        assert_eq!(client("", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn what_the_client_made_up_does_not_count() {
        assert_eq!(client("127.0.0.1", "127.0.0.1", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client("127.0.0.1,10.0.0.0/8", "127.0.0.1", &["203.0.113.9", "198.51.100.7, 10.1.2.3"]),
            "198.51.100.7"
        );
        assert_eq!(client("127.0.0.1", "127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(client("::1, fd00::/8", "::1", &["::ffff:198.51.100.7, fd12::1"]), "198.51.100.7");
    }

    #[test]
    fn networks_have_an_end() {
        let proxies = Proxies::parse("10.0.0.0/8, 0.0.0.0/0").expect("good networks");
        assert!(proxies.contains("192.0.2.1".parse().expect("an address")));
        let proxies = Proxies::parse("10.64.0.0/10").expect("a good network");
        assert!(proxies.contains("10.127.255.255".parse().expect("an address")));
        assert!(!proxies.contains("10.128.0.0".parse().expect("an address")));
        for bad in ["10.0.0.0/33", "10.0.0/8", "host", "::/129", "10.0.0.0/-1"] {
            assert_eq!(Proxies::parse(bad), Err(bad.to_owned()));
        }
    }
}
