internal import ArgumentParser

/// A length of time, as people write it: `90s`, `15m`, `2h`, `3d`.
struct TimeLength: ExpressibleByArgument {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last], argument.first?.isNumber == true,
            let count = Int(argument.dropLast()), count <= 1_000_000
        else { return nil }
        seconds = count * unit
    }

    var defaultValueDescription: String { seconds % 3600 == 0 ? "\(seconds / 3600)h" : "\(seconds)s" }
}
