internal import Transport

/// The networks of EC2, as far as jobs without one of their own need them. Amazon EC2 API reference, 2016-11-15.
package struct EC2API: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// A part of a network that something can stand in.
    package struct Network: Sendable, Equatable {
        /// Their ids.
        package var subnets: [String]
        /// Their ids.
        package var securityGroups: [String]

        package init(subnets: [String], securityGroups: [String]) {
            self.subnets = subnets
            self.securityGroups = securityGroups
        }
    }

    /// The region's default network: its subnets and its default security group, in byte order; nil when the account has none.
    package func defaultNetwork() throws(AWSError) -> Network? {
        let found = try members("DescribeSubnets", "subnetSet", [("default-for-az", "true")])
        guard let vpc = found.first?["vpcId"]?.text else { return nil }
        let subnets = found.filter { $0["vpcId"]?.text == vpc }.compactMap { $0["subnetId"]?.text }
        let groups = try members(
            "DescribeSecurityGroups", "securityGroupInfo", [("group-name", "default"), ("vpc-id", vpc)])
        return Network(subnets: subnets.sorted(), securityGroups: groups.compactMap { $0["groupId"]?.text }.sorted())
    }

    /// The members of a list that pass some filters; there is at most one default subnet a zone, so one page has all.
    private func members(
        _ operation: String, _ list: String, _ filters: [(name: String, value: String)]
    ) throws(AWSError) -> [XML] {
        let parameters = filters.enumerated().flatMap { index, filter in
            [("Filter.\(index + 1).Name", filter.name), ("Filter.\(index + 1).Value.1", filter.value)]
        }
        let answer = try client.xml(AWSRequest(.ec2, operation, query: parameters, version: "2016-11-15"))
        return answer.find(list)?.all("item") ?? []
    }
}
