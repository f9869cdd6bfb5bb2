PRODUCTS = ["a kettle of steel", "a wooden tray", "a set of four glasses"]
