/// What something is called, and is called instead while Lambda still keeps that name of something that was deleted:
/// `name`, `name.2`, `name.3`.
struct NameSeries: Equatable {
    let base: String

    init(_ base: String) { self.base = base }

    /// Whether a name is one of these.
    func contains(_ name: String) -> Bool {
        if name == base { return true }
        guard name.hasPrefix(base + "."), let number = Int(name.dropFirst(base.utf8.count + 1)) else { return false }
        return number > 1 && name == "\(base).\(number)"
    }

    /// The first of these names that nothing has.
    func first(notIn taken: [String]) -> String {
        var (name, number) = (base, 1)
        while taken.contains(name) {
            number += 1
            name = "\(base).\(number)"
        }
        return name
    }
}
