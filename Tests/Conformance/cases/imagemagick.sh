# ImageMagick: coders are plug-ins, delegates are programs, configuration lies in /etc and /usr/share.
#: trees: imagemagick
#: limit: 120
### where_it_is
convert -list configure | grep -e PATH -e DELEGATES; convert -list policy | head -n 12; convert -list coder | head -n 4; identify -list type | head -n 3
### coders
cd /desk; convert -size 40x30 gradient:red-blue a.png && for format in jpg gif bmp tiff ppm webp pdf svg ico; do convert a.png b.$format 2>/dev/null; echo "$format $?"; identify -format '%m %wx%h\n' b.$format 2>/dev/null; done; rm -f b.* a.png
### operations
convert -size 64x64 xc:white -fill black -draw 'circle 32,32 32,10' -resize 50% -rotate 30 -blur 0x2 ppm:- | sha256sum; convert rose: -format '%[fx:mean]' info:; convert logo: -resize 20x20 txt:- | sha256sum; compare -metric AE rose: rose: null: ; echo $?
### fonts
convert -list font | grep -c Font:; convert -size 80x20 xc:white -annotate +5+15 text ppm:- 2>&1 | sha256sum
### configuration_files
find /etc/ImageMagick-6 -type f | sort; convert -debug configure rose: null: 2>&1 | grep -o '"[^"]*"' | sort -u | head -n 40; MAGICK_CONFIGURE_PATH=/etc/ImageMagick-6 convert rose: -format %w info:
### temporary_files
MAGICK_TEMPORARY_PATH=/desk MAGICK_MEMORY_LIMIT=1KiB MAGICK_MAP_LIMIT=1KiB convert rose: -resize 300% -format '%w %h' info:; ls -A /desk
