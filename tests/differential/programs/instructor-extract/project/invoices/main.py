from .read import read

TEXT = "Invoice 2041 of the joinery Brandt. One shelf of oak, 340.00 euros. Delivery, 25.50 euros."

if __name__ == "__main__":
    print(read(TEXT))
