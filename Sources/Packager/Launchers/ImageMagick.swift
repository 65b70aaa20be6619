extension Launcher {
    /// ImageMagick takes its limits from the machine, which is the sandbox: what does not fit into its memory goes to
    /// files in /tmp.
    static let imageMagick = Launcher(
        name: "imagemagick", programs: ["magick", "convert"],
        companions: ["identify", "mogrify", "montage", "compare"],
        variables: ["MAGICK_HOME", "MAGICK_CONFIGURE_PATH"],
        keep: [
            "etc/ImageMagick*/**", "usr/lib/**/ImageMagick*/**", "usr/local/lib/ImageMagick*/**",
            "usr/share/ImageMagick*/**", "usr/local/etc/ImageMagick*/**", "etc/fonts/**", "usr/share/fonts/**",
            "usr/share/color/**",
        ])
}
